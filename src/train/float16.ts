import type { NetworkInfo, Position, StepEvent } from '../events/events.js';
import { fail } from '../util/error.js';

/** By this scale losses have been halved 30 times: what overflows then does so whatever they are scaled by. */
const LEAST_LOSS_SCALE = 2 ** -14;

/**
 * Fails where a step in float16 (others say no loss scale) shows that a network can't be trained so: its loss is not finite, as its activations
 * overflow; or its gradients overflow at the least loss scale.
 */
export function checkHalfStep(
  networks: readonly NetworkInfo[],
  { total, lossScale, overflowed }: Pick<StepEvent, 'total' | 'lossScale' | 'overflowed'>,
  { epoch, step }: Position,
): void {
  if (!lossScale) return;
  const where = `in step ${step + 1} of epoch ${epoch + 1}`;
  const infinite = total.findIndex((loss) => !Number.isFinite(loss));
  if (infinite >= 0) failInHalf(networks, infinite, `its loss is ${total[infinite]} ${where}`);
  const stuck = lossScale.findIndex((scale, i) => overflowed?.[i] === 1 && scale <= LEAST_LOSS_SCALE);
  if (stuck >= 0) failInHalf(networks, stuck, `its gradients overflow at a loss scale of ${lossScale[stuck]} ${where}`);
}

function failInHalf(networks: readonly NetworkInfo[], index: number, what: string): never {
  fail(`network ${index} (${networks[index]?.name})`, what, {
    code: 'diverged',
    expected: 'finite numbers in float16, whose largest is 65504',
    hint:
      'Use --precision float32, or a lower learning rate (--lr). Checkpoints of finished epochs are kept: ' +
      '"agon train --from RUN" begins a new run with the last one, where RUN is the folder of this one',
  });
}
