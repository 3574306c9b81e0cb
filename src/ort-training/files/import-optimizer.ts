import type { ModelProto, NodeProto } from '../../onnx/model.js';
import { float32Data, type Tensor, toNumbers } from '../../onnx/tensor.js';
import { fromTensorProto } from '../../onnx/tensor-proto.js';
import type { AdamWSettings, OptimizerSettings } from '../../optim/optimizer.js';
import { fail } from '../../util/error.js';
import { shortestFloat } from '../../util/shortest-float.js';
import type { OrtCheckpoint } from './checkpoint.js';

/** The learning rate that the session always has. */
const SESSION_RATE = 1e-3;

/** What ONNX Runtime's Python tool writes, Hugging Face's AdamW. */
export const PYTHON_ADAMW: AdamWSettings = {
  name: 'adamw',
  lr: SESSION_RATE,
  betas: [0.9, 0.999],
  eps: 1e-6,
  weightDecay: 0,
  variant: 'huggingface',
};

/** The optimizer of an optimizer model. Weight decay that the training model adds to SGD's gradients is not in it. */
export function readOptimizer(model: ModelProto, where: string): OptimizerSettings {
  const { node } = model.graph;
  const [update, another] = node.filter(({ opType }) => opType === 'AdamWOptimizer' || opType === 'SGDOptimizerV2');
  if (!update || another) {
    fail(where, 'its optimizer', {
      expected: 'one node AdamWOptimizer or SGDOptimizerV2',
      got: node.map(({ opType }) => opType).join(', ') || 'no nodes',
    });
  }
  const lr = rateOf(model);
  if (update.opType === 'SGDOptimizerV2') return { name: 'sgd', lr, momentum: 0, weightDecay: 0, nesterov: false };
  if (number(update, 'correct_bias', 1) !== 1) {
    fail(where, 'AdamW without bias correction, which Agon doesn’t have', { expected: 'correct_bias 1', got: '0' });
  }
  return {
    name: 'adamw',
    lr,
    betas: [number(update, 'alpha', 0.9), number(update, 'beta', 0.999)],
    eps: number(update, 'epsilon', 1e-8),
    weightDecay: number(update, 'weight_decay', 1e-2),
    variant: number(update, 'adam_mode', 0) === 1 ? 'huggingface' : 'torch',
  };
}

/** The base rate: the largest of those that Agon writes into the model, else the session's. */
function rateOf({ producerName, graph }: ModelProto): number {
  const rates = graph.initializer.find(({ name }) => name === 'rates');
  if (producerName !== 'agon' || !rates) return SESSION_RATE;
  return shortestFloat(toNumbers(fromTensorProto(rates)).reduce((largest, rate) => Math.max(largest, rate), 0));
}

function number({ attribute = [] }: NodeProto, wanted: string, otherwise: number): number {
  const found = attribute.find(({ name }) => name === wanted);
  return found ? shortestFloat(Number(found.f ?? found.i ?? otherwise)) : otherwise;
}

/** AdamW's moments by our names for them; a checkpoint without optimizer state, or with SGD's, begins anew. */
export function optimizerState({ optimizers, trainable }: OrtCheckpoint, where: string) {
  const moments = new Map<string, Tensor>();
  const group = optimizers.find(({ states }) => [...states.values()].some((state) => state.has('momentum1')));
  if (!group) return { moments, updates: 0 };
  for (const [parameter, state] of group.states) {
    const value = trainable.get(parameter);
    if (!value) return fail(where, `it has optimizer state for "${parameter}", which it has no values of`);
    for (const [theirs, ours] of MOMENTS) {
      const what = `"${theirs}" of parameter "${parameter}"`;
      const moment = state.get(theirs) ?? fail(where, `${what} is missing`);
      checkMoment(moment, value, ours === 'exp_avg_sq', `${where}: ${what}`);
      moments.set(`${parameter}.${ours}`, moment);
    }
  }
  const lacking = [...trainable.keys()].find((name) => !group.states.has(name));
  if (lacking) fail(where, `it has no optimizer state for parameter "${lacking}"`);
  if (group.step < 0n || group.step > BigInt(Number.MAX_SAFE_INTEGER)) {
    fail(where, "the optimizer's count of updates", {
      expected: `0 to ${Number.MAX_SAFE_INTEGER}`,
      got: String(group.step),
    });
  }
  return { moments, updates: Number(group.step) };
}

const MOMENTS = [
  ['momentum0', 'exp_avg'],
  ['momentum1', 'exp_avg_sq'],
] as const;

/** Fails unless a moment is one of this parameter: of its shape, finite, and a mean of squares not negative. */
function checkMoment(moment: Tensor, parameter: Tensor, isSquare: boolean, where: string): void {
  const describe = ({ dtype, dims }: Tensor) => `${dtype} [${dims.join(', ')}]`;
  if (describe(moment) !== describe(parameter)) {
    fail(where, 'is not for it', { expected: describe(parameter), got: describe(moment) });
  }
  const odd = float32Data(moment).find((value) => !Number.isFinite(value) || (isSquare && value < 0));
  if (odd === undefined) return;
  fail(where, 'holds what no optimizer makes', { expected: isSquare ? 'numbers from 0' : 'numbers', got: String(odd) });
}
