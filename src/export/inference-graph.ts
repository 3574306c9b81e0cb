import { networkPrefix } from '../distill/step.js';
import { add } from '../graph/arithmetic.js';
import { Graph } from '../graph/graph.js';
import { inline, rewriteGraph } from '../graph/inline.js';
import type { Value } from '../graph/node/node.js';
import { present } from '../util/error.js';

/** A forward graph with logits as its only output and without Dropout, which does nothing at inference. */
export function inferenceGraph(forward: Graph): Graph {
  const logitsOnly = rewriteGraph(forward, new Graph(forward.name), (node, inputs) =>
    node.op === 'Dropout' ? [present(inputs[0], 'the input of Dropout')] : undefined,
  );
  logitsOnly.outputs.delete('features');
  return logitsOnly;
}

/**
 * The networks of a group side by side on the same images, in scopes `net<i>` with parameters `net<i>.<name>`. Output
 * `logits` [N, classes] is the logarithm of the mean of their probabilities, so that its softmax is that mean.
 */
export function ensembleGraph(forwards: readonly Graph[]): Graph {
  const ensemble = new Graph('ensemble');
  const { name, dtype, shape } = present(forwards[0]?.inputs[0], 'the input of the networks');
  const bind = new Map([[name, ensemble.input(name, dtype, shape)]]);
  const logits = forwards.map((forward, i) => {
    const network = inferenceGraph(forward);
    const options = { scope: `net${i}`, parameterPrefix: networkPrefix(i), bind };
    return present(inline(network, ensemble, options).get(logitsOf(network)), 'the logits');
  });
  ensemble.output(
    'logits',
    ensemble.within('mean', () => logOfMean(ensemble, logits)),
  );
  return ensemble;
}

/** log((softmax(z_1) + ... + softmax(z_n)) / n), through logarithms l_i of each and their maximum m, so that none becomes 0. */
function logOfMean(g: Graph, logits: readonly Value[]): Value {
  const logs = logits.map((z) => g.op('LogSoftmax', [z], { axis: -1 }));
  const largest = g.op('Max', logs);
  const shares = logs.map((l) => g.op('Exp', [g.op('Sub', [l, largest])]));
  const log = g.op('Log', [g.op('Sum', shares)]);
  return add(g, add(g, log, largest), g.scalar(-Math.log(logits.length)));
}

function logitsOf({ outputs }: Graph): Value {
  return present(outputs.get('logits'), 'output logits');
}
