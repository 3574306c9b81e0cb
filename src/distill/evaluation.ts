import { vector } from '../graph/arithmetic.js';
import { Graph } from '../graph/graph.js';
import { inline } from '../graph/inline.js';
import type { Value } from '../graph/node/node.js';
import { tensor } from '../onnx/tensor.js';
import { present } from '../util/error.js';
import type { Task } from '../util/task.js';

import { networkPrefix, networkScope } from './names.js';
import { TASK_FORMS } from './tasks.js';

/**
 * The evaluation of n >= 1 networks on one batch of any size, in inference form. Inputs `images` [N, C, H, W], `labels` (int64
 * [N]; with the task multi-label float32 [N, classes]) and the parameters under the names that the step gives them (`net<i>.<name>`); outputs `ce` [n], `accuracy` [n]
 * (means over the batch) and each network's `net<i>.logits` [N, classes]. How many classes there are is not in its nodes.
 */
export function buildEvaluation(networks: readonly Graph[], task: Task = 'single-label'): Graph {
  const g = new Graph('evaluation');
  const images = present(networks[0]?.inputs[0], 'the images of the first network');
  const bind = new Map([['images', g.input('images', images.dtype, images.shape)]]);
  const [batch] = images.shape;
  const [, classes] = present(networks[0]?.outputs.get('logits'), 'the logits').shape;
  const form = TASK_FORMS[task];
  const labels = form.declareLabels(g, 'labels', [present(batch, 'the batch'), present(classes, 'the classes')]);
  const logits = networks.map((network, i) => {
    const copied = inline(network, g, { scope: networkScope(i), parameterPrefix: networkPrefix(i), bind });
    return copied.get(present(network.outputs.get('logits'), 'the logits')) as Value;
  });
  const measure = (of: (logits: Value) => Value) => vector(g, logits.map(of));
  g.within('measures', () => {
    g.output(
      'ce',
      measure((z) => form.loss(g, z, task === 'multi-label' ? labels : oneHot(g, labels, z))),
    );
    g.output(
      'accuracy',
      measure((z) => form.accuracy(g, z, labels)),
    );
  });
  for (const [i, value] of logits.entries()) g.output(`${networkPrefix(i)}logits`, value);
  return g;
}

/** Labels as distributions over the classes of some logits. */
function oneHot(g: Graph, labels: Value, logits: Value): Value {
  const classes = g.op('Gather', [g.op('Shape', [logits]), g.integers([1])]);
  return g.op('OneHot', [labels, classes, g.constant(tensor('float32', [2], [0, 1]))], { axis: -1 });
}
