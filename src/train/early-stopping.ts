import type { Position } from '../events/events.js';
import type { Settings } from '../settings/settings.js';
import type { CheckpointHeader } from '../store/checkpoint.js';

/** Whether a run ends at the beginning of some epoch, as no network validated better in the `patience` epochs before. */
export function endsEarly(
  { patience }: Pick<Settings, 'patience'>,
  best: Pick<NonNullable<CheckpointHeader['best']>, 'epoch'> | null,
  { epoch, step }: Position,
): boolean {
  return patience > 0 && best !== null && step === 0 && epoch - 1 - best.epoch >= patience;
}
