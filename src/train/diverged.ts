import type { NetworkInfo, Position } from '../events/events.js';
import { fail } from '../util/error.js';

/** Fails where the total loss of a network in a step is not finite. */
export function checkFinite(
  networks: readonly NetworkInfo[],
  totals: readonly number[],
  { epoch, step }: Position,
): void {
  const at = totals.findIndex((total) => !Number.isFinite(total));
  if (at >= 0) failDiverged(networks, at, `its loss is ${totals[at]} in step ${step + 1} of epoch ${epoch + 1}`);
}

const USUAL = {
  expected: 'finite numbers',
  advice: 'Lower the learning rate (--lr), or warm it up (--warmup-epochs 1)',
};

/** The error of a network whose numbers are no longer finite, with what to do about it. */
export function failDiverged(
  networks: readonly NetworkInfo[],
  index: number,
  what: string,
  { expected, advice }: typeof USUAL = USUAL,
): never {
  fail(`network ${index} (${networks[index]?.name})`, what, {
    code: 'diverged',
    expected,
    hint:
      `${advice}. Checkpoints of finished epochs are kept: ` +
      '"agon train --from RUN" begins a new run with the last one, where RUN is the folder of this one',
  });
}
