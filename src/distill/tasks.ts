import type { Graph } from '../graph/graph.js';
import type { Shape } from '../graph/node/dim.js';
import type { Value } from '../graph/node/node.js';
import { accuracy } from '../losses/accuracy.js';
import { bernoulliKl } from '../losses/bernoulli-kl.js';
import { binaryCrossEntropy } from '../losses/binary-cross-entropy.js';
import { binaryTargets } from '../losses/binary-targets.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { klDivergence } from '../losses/kl-divergence.js';
import { subsetAccuracy } from '../losses/subset-accuracy.js';
import { targetDistributions } from '../losses/targets.js';
import type { Task } from '../util/task.js';

/** How networks are held against labels and against each other. All but `targets` give scalars. */
interface TaskForm {
  /** Declares an input for labels; `shape` is [batch, classes]. */
  declareLabels(g: Graph, name: string, shape: Shape): Value;
  /** What the loss aims at, [batch, classes]. */
  targets(g: Graph, labels: Value, classes: number, smoothing: number): Value;
  loss(g: Graph, logits: Value, targets: Value): Value;
  accuracy(g: Graph, logits: Value, labels: Value): Value;
  /** How far a student is from a teacher, whose gradient is cut off. */
  divergence(g: Graph, student: Value, teacher: Value, temperature: number): Value;
}

export const TASK_FORMS: Readonly<Record<Task, TaskForm>> = {
  'single-label': {
    declareLabels: (g, name, shape) => g.input(name, 'int64', shape.slice(0, 1)),
    targets: targetDistributions,
    loss: crossEntropy,
    accuracy,
    divergence: klDivergence,
  },
  'multi-label': {
    declareLabels: (g, name, shape) => g.input(name, 'float32', shape),
    targets: (g, labels, _, smoothing) => binaryTargets(g, labels, smoothing),
    loss: binaryCrossEntropy,
    accuracy: subsetAccuracy,
    divergence: bernoulliKl,
  },
};
