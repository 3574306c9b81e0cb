import type { NetworkInfo, Position, StepEvent } from '../events/events.js';
import { failDiverged } from './diverged.js';

/** By this scale losses have been halved 30 times: what overflows then does so whatever they are scaled by. */
const LEAST_LOSS_SCALE = 2 ** -14;

const IN_HALF = {
  expected: 'finite numbers in float16, whose largest is 65504',
  advice: 'Use --precision float32, or a lower learning rate (--lr)',
};

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
  if (infinite >= 0) failDiverged(networks, infinite, `its loss is ${total[infinite]} ${where}`, IN_HALF);
  const stuck = lossScale.findIndex((scale, i) => overflowed?.[i] === 1 && scale <= LEAST_LOSS_SCALE);
  if (stuck < 0) return;
  failDiverged(networks, stuck, `its gradients overflow at a loss scale of ${lossScale[stuck]} ${where}`, IN_HALF);
}
