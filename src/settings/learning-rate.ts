import { learningRateAt } from '../optim/schedule.js';
import type { Settings } from './settings.js';

type RateSettings = Pick<Settings, 'schedule' | 'warmupEpochs' | 'epochs' | 'optimizer' | 'accumulate'>;

/**
 * The learning rate of a step, counted from 0 over the run: the schedule goes by updates. Under the schedule `plateau` it is that for the rate
 * which it has come to (`reached`).
 */
export function learningRateOf(settings: RateSettings, stepsPerEpoch: number, count: number, reached?: number): number {
  const { schedule, warmupEpochs, epochs, optimizer, accumulate } = settings;
  const base = optimizer.lr;
  const perEpoch = { base, schedule, warmupEpochs, epochs, stepsPerEpoch: stepsPerEpoch / accumulate, reached };
  return learningRateAt(updatesIn(settings, count), perEpoch);
}

/** Updates in so many steps from the beginning of a run. Steps that are left over at the end of an epoch count in the next. */
export function updatesIn({ accumulate }: Pick<Settings, 'accumulate'>, steps: number): number {
  return Math.floor(steps / accumulate);
}
