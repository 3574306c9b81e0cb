import { add, mul, reduceSum, scale, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import { accuracy } from '../../losses/accuracy.js';
import { crossEntropy } from '../../losses/cross-entropy.js';
import { targetDistributions } from '../../losses/targets.js';

/** What the exported models are trained on. */
export interface LossOptions {
  readonly labelSmoothing?: number | undefined;
  /** Whether a teacher's probabilities are an input: alpha * temperature^2 * KL(teacher || student) is added. */
  readonly distillation?: { readonly alpha: number; readonly temperature: number } | undefined;
}

/** The input with the teacher's probabilities at the temperature, float32 [batch, classes]. A row of zeros teaches nothing. */
export const TEACHER_PROBABILITIES = 'teacher_probabilities';

/** The inputs beside the images, in order. */
export interface LossInputs {
  /** int64 [batch]. */
  readonly labels: Value;
  readonly teacher: Value | undefined;
}

export function declareLossInputs(g: Graph, batch: number | string, classes: number, options: LossOptions): LossInputs {
  const labels = g.input('labels', 'int64', [batch]);
  return { labels, teacher: options.distillation && g.input(TEACHER_PROBABILITIES, 'float32', [batch, classes]) };
}

/** Makes the outputs, the same in the training and in the evaluation model: `loss`, `ce`, `kl` with a teacher, `accuracy`, `logits`. */
export function addLosses(g: Graph, logits: Value, { labels, teacher }: LossInputs, options: LossOptions): Value {
  const { labelSmoothing = 0, distillation } = options;
  return g.within('losses', () => {
    const ce = crossEntropy(g, logits, targetDistributions(g, labels, Number(logits.shape[1]), labelSmoothing));
    const kl = teacher && distillation && divergence(g, logits, teacher, distillation.temperature);
    const lesson = kl && distillation && scale(g, kl, distillation.alpha * distillation.temperature ** 2);
    const loss = lesson ? add(g, ce, lesson) : scale(g, ce, 1);
    g.output('loss', loss);
    g.output('ce', ce);
    if (kl) g.output('kl', kl);
    g.output('accuracy', accuracy(g, logits, labels));
    g.output('logits', logits);
    return loss;
  });
}

const SMALLEST = 1e-37;

/** sum(p (log p - log q)) over classes, averaged over the batch, with 0 log 0 = 0. */
function divergence(g: Graph, student: Value, p: Value, temperature: number): Value {
  const logQ = g.op('LogSoftmax', [scale(g, student, 1 / temperature)], { axis: -1 });
  const logP = g.op('Log', [g.op('Max', [p, g.scalar(SMALLEST)])]);
  return g.op('ReduceMean', [reduceSum(g, mul(g, p, sub(g, logP, logQ)), [1])], { keepdims: 0 });
}
