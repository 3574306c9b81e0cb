import { portable } from '../../lower/portable/portable.js';
import type { Body, Target } from '../../lower/target.js';
import * as convolution from './convolution.js';
import { normalisation } from './normalisation.js';
import * as pooling from './pooling.js';

/** The running statistics of a BatchNormalization, which ONNX Runtime updates where they are: names of parameters. */
export interface RunningStatistics {
  readonly mean: string;
  readonly variance: string;
  /** Share of the old value that the new one keeps. */
  readonly momentum: number;
}

const ReluGrad: Body = (g, _node, inputs) => [g.microsoft('ReluGrad', inputs)];

/**
 * ONNX Runtime's on-device training (1.19): its gradient operators where it has them, the portable form elsewhere.
 *
 * @param statistics - by the name of the BatchNormTraining node. Its running statistics are
 * then updated in place, with the biased variance of the batch (PyTorch takes the unbiased one); a node without an entry is lowered to
 * plain operators and updates nothing.
 */
export function ortTraining(statistics: ReadonlyMap<string, RunningStatistics> = new Map()): Target {
  return {
    name: 'ort-training',
    bodies: { ...portable.bodies, ...convolution, ReluGrad, ...pooling, ...normalisation(statistics) },
  };
}
