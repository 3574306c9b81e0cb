import { networkPrefix } from '../distill/step.js';
import { add, neg, sub } from '../graph/arithmetic.js';
import { Graph } from '../graph/graph.js';
import { inline, rewriteGraph } from '../graph/inline.js';
import type { Value } from '../graph/node/node.js';
import { present } from '../util/error.js';
import type { Task } from '../util/task.js';

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
 * `logits` [N, classes] is what gives the mean of their probabilities: its logarithm, by the softmax; with the task multi-label its log-odds,
 * by the sigmoid.
 */
export function ensembleGraph(forwards: readonly Graph[], task: Task = 'single-label'): Graph {
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
    ensemble.within('mean', () => (task === 'multi-label' ? oddsOfMean : logOfMean)(ensemble, logits)),
  );
  return ensemble;
}

/** log((softmax(z_1) + ... + softmax(z_n)) / n). */
function logOfMean(g: Graph, logits: readonly Value[]): Value {
  const logs = logits.map((z) => g.op('LogSoftmax', [z], { axis: -1 }));
  return add(g, logOfSum(g, logs), g.scalar(-Math.log(logits.length)));
}

/** log(p / (1 - p)) with p = (s(z_1) + ... + s(z_n)) / n and s the sigmoid, where log s(z) = -softplus(-z), log(1 - s(z)) = -softplus(z). */
function oddsOfMean(g: Graph, logits: readonly Value[]): Value {
  const softplus = (z: Value) => g.op('Softplus', [z]);
  const has = logits.map((z) => neg(g, softplus(neg(g, z))));
  const hasNot = logits.map((z) => neg(g, softplus(z)));
  return sub(g, logOfSum(g, has), logOfSum(g, hasNot));
}

/** log(exp(l_1) + ... + exp(l_n)), by way of the maximum of the l_i, so that none becomes 0. */
function logOfSum(g: Graph, logs: readonly Value[]): Value {
  const largest = g.op('Max', logs);
  const shares = logs.map((l) => g.op('Exp', [g.op('Sub', [l, largest])]));
  return add(g, g.op('Log', [g.op('Sum', shares)]), largest);
}

function logitsOf({ outputs }: Graph): Value {
  return present(outputs.get('logits'), 'output logits');
}
