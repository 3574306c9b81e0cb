import { learningRateAt } from '../optim/schedule.js';
import type { Settings } from './settings.js';

type RateSettings = Pick<Settings, 'schedule' | 'warmupEpochs' | 'epochs' | 'optimizer' | 'accumulate'>;

/** The learning rate of a step, counted from 0 over the run: the schedule goes by updates. */
export function learningRateOf(settings: RateSettings, stepsPerEpoch: number, count: number): number {
  const { schedule, warmupEpochs, epochs, optimizer, accumulate } = settings;
  const perEpoch = { base: optimizer.lr, schedule, warmupEpochs, epochs, stepsPerEpoch: stepsPerEpoch / accumulate };
  return learningRateAt(updatesIn(settings, count), perEpoch);
}

/** Updates in so many steps from the beginning of a run. Steps that are left over at the end of an epoch count in the next. */
export function updatesIn({ accumulate }: Pick<Settings, 'accumulate'>, steps: number): number {
  return Math.floor(steps / accumulate);
}
