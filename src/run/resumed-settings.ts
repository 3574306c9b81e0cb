import { isDeepStrictEqual } from 'node:util';
import type { Position } from '../events/events.js';
import { learningRateOf } from '../settings/learning-rate.js';
import { COMPUTING_KEYS, type RequestedSettings, type Settings, settingsSchema } from '../settings/settings.js';
import { absolutePaths } from '../store/absolute-paths.js';
import { keysOf } from '../util/checked.js';
import { fail } from '../util/error.js';

/**
 * What may change while a run goes on: where its data are, which are checked by themselves, how it is computed, a later end, and how
 * long it waits for a better epoch; and where its frozen teacher and its images without labels are.
 */
export const CHANGEABLE: readonly (keyof Settings)[] = [
  'data',
  'device',
  'place',
  ...COMPUTING_KEYS,
  'epochs',
  'patience',
];

/** Fails unless a run can go on from a checkpoint (at a path) of some settings with others. */
export function checkResumed(
  path: string,
  checkpoint: Settings,
  settings: RequestedSettings,
): asserts settings is Settings {
  const own = withPlacesOf(settings, absolutePaths(checkpoint));
  const keys = keysOf(settingsSchema.shape);
  const changed = keys.find((key) => !CHANGEABLE.includes(key) && !isDeepStrictEqual(own[key], settings[key]));
  if (changed) {
    fail(path, `setting "${changed}" is not the one of the run in this folder`, {
      expected: JSON.stringify(settings[changed]),
      got: JSON.stringify(own[changed]),
      hint: 'A run goes on with the settings that it began with',
    });
  }
  if (settings.epochs >= own.epochs) return;
  fail(path, 'epochs', {
    expected: `${own.epochs}, or more to train on`,
    got: String(settings.epochs),
    hint: 'A run can only grow while it goes on: its schedule has been that of so many epochs',
  });
}

/** A run's settings, but where its frozen teacher and its images without labels are now. */
function withPlacesOf({ teacher, unlabelled }: RequestedSettings, own: Settings): Settings {
  return {
    ...own,
    ...(own.teacher && teacher && { teacher: { ...own.teacher, model: teacher.model } }),
    ...(own.unlabelled !== null && unlabelled !== null && { unlabelled }),
  };
}

/** Schedules that are about epochs, not about a share of the whole training. */
const FIXED = ['constant', 'multi-step', 'plateau'];

/**
 * What the schedule does where a run has got more epochs than its checkpoint knew of; undefined where it has not. All rates to
 * come are those of a run that had as many from its start.
 */
export function scheduleNote(
  before: Settings,
  settings: Settings,
  { epoch, step }: Position,
  stepsPerEpoch: number,
): string | undefined {
  if (settings.epochs === before.epochs) return undefined;
  const grows = `epochs grow from ${before.epochs} to ${settings.epochs}`;
  const { name } = settings.schedule;
  if (FIXED.includes(name)) return `${grows}: the schedule ${name} goes on as before`;
  const rate = (of: Settings) => {
    return Number(learningRateOf(of, stepsPerEpoch, epoch * stepsPerEpoch + step).toPrecision(3));
  };
  return `${grows}: the schedule ${name} is stretched over them, so the learning rate goes on at ${rate(settings)} instead of ${rate(before)}`;
}
