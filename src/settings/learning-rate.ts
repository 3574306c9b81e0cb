import { learningRateAt } from '../optim/schedule.js';
import type { Settings } from './settings.js';

/** The learning rate of a step, counted from 0 over the run; under the schedule `plateau` for the rate that it has come to. */
export function learningRateOf(
  { schedule, warmupEpochs, epochs, optimizer }: Pick<Settings, 'schedule' | 'warmupEpochs' | 'epochs' | 'optimizer'>,
  stepsPerEpoch: number,
  count: number,
  reached?: number,
): number {
  return learningRateAt(count, { base: optimizer.lr, schedule, warmupEpochs, epochs, stepsPerEpoch, reached });
}
