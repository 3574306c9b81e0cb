import { keysOf } from '../../util/checked.js';
/** What is compared: accuracy in per cent on the test split, or on the validation split where there is no other. */
export const MEASURES = {
  'mean-last': 'mean of the networks, last epoch',
  'mean-best': 'mean of the networks, best epoch',
  'winner-best': 'winner of the run, best epoch',
  'ensemble-last': 'ensemble, last epoch',
  'ensemble-best': 'ensemble, best epoch',
} as const;
export type Measure = keyof typeof MEASURES;
export const DEFAULT_MEASURE: Measure = 'mean-last';
/** All in which methods are compared, in per cent: also top-5 and expected calibration error, mean of the networks, last epoch. */
export const COMPARED = [...keysOf(MEASURES), 'top5', 'ece'] as const;
export type Compared = (typeof COMPARED)[number];
