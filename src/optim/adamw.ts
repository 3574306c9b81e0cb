import { z } from 'zod';
import { add, div, mul, scale, sub } from '../graph/arithmetic.js';
import type { Value } from '../graph/node/node.js';
import type { DeepReadonly } from '../util/deep-readonly.js';
import type { Optimizer } from './optimizer.js';
import { LEARNING_RATE, WEIGHT_DECAY } from './setting-metas.js';
import { biasSkips } from './skips.js';

const beta = z.number().min(0).lt(1);

export const adamwSchema = z.strictObject({
  name: z.literal('adamw'),
  lr: z.number().positive().default(1e-3).meta(LEARNING_RATE),
  betas: z.tuple([beta, beta]).default([0.9, 0.999]).meta({
    description: "decay rates of the running means of the gradient and of its square (Adam's beta1 and beta2)",
  }),
  eps: z.number().positive().default(1e-8).meta({ description: 'added to the denominator' }),
  weightDecay: z
    .number()
    .min(0)
    .default(1e-2)
    .meta({
      ...WEIGHT_DECAY,
      description: 'decoupled weight decay: the weight shrinks by this times the learning rate',
    }),
  /** `torch` when left out. */
  variant: z.enum(['torch', 'huggingface']).optional().meta({
    description:
      "PyTorch's AdamW (`torch`, also when left out), or that of Hugging Face and ONNX Runtime (`huggingface`: `eps` before the bias correction, decay after the update)",
  }),
});

/** AdamW without amsgrad. */
export type AdamWSettings = DeepReadonly<z.infer<typeof adamwSchema>>;

/**
 * AdamW (Loshchilov and Hutter 2019): m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; with c_i = 1 - b_i^t
 *
 * - `torch`: p = (1 - lr * wd) p - lr / c1 * m / (sqrt(v) / sqrt(c2) + eps), as torch.optim.AdamW has it;
 * - `huggingface`: p = (1 - lr * wd) (p - lr * sqrt(c2) / c1 * m / (sqrt(v) + eps)), as transformers' AdamW and ONNX Runtime's
 *   `adam_mode` 1 have it: eps is added before the correction, and the decay comes last.
 *
 * What depends on t is computed in float64 outside the graph: float32 would lose digits of c2 in the first steps.
 */
export function adamw({ betas: [b1, b2], eps, weightDecay, variant = 'torch' }: AdamWSettings): Optimizer {
  const correctsFirst = variant === 'torch';
  return {
    states: ['exp_avg', 'exp_avg_sq'],
    scalars: ['decay', 'step_size', 'denominator_scale'],
    scalarsAt: (lr, step) => {
      const correction = Math.sqrt(1 - b2 ** step);
      return {
        decay: 1 - lr * weightDecay,
        step_size: (lr / (1 - b1 ** step)) * (correctsFirst ? 1 : correction),
        denominator_scale: correctsFirst ? 1 / correction : 1,
      };
    },
    scaleRate(g, scalars, rate) {
      const [decay, stepSize, denominatorScale] = scalars as readonly [Value, Value, Value];
      const one = g.scalar(1);
      const own = rate === 1 ? decay : sub(g, one, scale(g, sub(g, one, decay), rate));
      return [weightDecay === 0 ? one : own, scale(g, stepSize, rate), denominatorScale];
    },
    update(g, parameter, gradient, states, scalars) {
      const [m, v] = states as readonly [Value, Value];
      const [decay, stepSize, denominatorScale] = scalars as readonly [Value, Value, Value];
      const nextM = add(g, scale(g, m, b1), scale(g, gradient, 1 - b1));
      const nextV = add(g, scale(g, v, b2), scale(g, mul(g, gradient, gradient), 1 - b2));
      const denominator = add(g, mul(g, g.op('Sqrt', [nextV]), denominatorScale), g.scalar(eps));
      const kept = correctsFirst ? mul(g, parameter, decay) : parameter;
      const moved = sub(g, kept, mul(g, div(g, nextM, denominator), stepSize));
      return { parameter: correctsFirst ? moved : mul(g, moved, decay), states: [nextM, nextV] };
    },
    skips: biasSkips([b1, b2], correctsFirst),
    // m / c1 and v / c2 stay; before the first update both are 0
    recount: (state, from, to) => {
      const b = state === 'exp_avg' ? b1 : b2;
      return from === 0 ? 1 : (1 - b ** to) / (1 - b ** from);
    },
  };
}
