import { learningRateAt } from '../optim/schedule.js';
import type { Settings } from './settings.js';

/** The learning rate of a step, counted from 0 over the run. */
export function learningRateOf(
  { schedule, warmupEpochs, epochs, optimizer }: Pick<Settings, 'schedule' | 'warmupEpochs' | 'epochs' | 'optimizer'>,
  stepsPerEpoch: number,
  count: number,
): number {
  return learningRateAt(count, { base: optimizer.lr, schedule, warmupEpochs, epochs, stepsPerEpoch });
}
