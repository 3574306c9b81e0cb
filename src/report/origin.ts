import type { StartEvent } from '../events/events.js';
import { printable } from './format.js';

/** `runs/a, last checkpoint: after epoch 3`. */
export function formatOrigin({ run, checkpoint, epoch, step }: NonNullable<StartEvent['origin']>): string {
  return `${printable(run)}, ${checkpoint} checkpoint: ${placeOf(epoch, step)}`;
}

function placeOf(epoch: number, step: number): string {
  if (step > 0) return `after step ${step} of epoch ${epoch + 1}`;
  return epoch > 0 ? `after epoch ${epoch}` : 'before its first step';
}
