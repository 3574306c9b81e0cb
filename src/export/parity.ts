import type { Preprocessing } from '../data/image/preprocess.js';
import { float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';
import { stream } from '../util/random.js';
import { runExported } from './exported-model.js';
import { type Trained, trainersLogits } from './trainers-logits.js';

/** A change of the images by a few units in their last places, as other orders of computation make. */
const SHAKEN = 1 + 1e-6;
const LOWER_RATE = 'Export an earlier checkpoint, or train it again with a lower learning rate';
/** Largest difference allowed, as a share of the largest logit: what fusing BatchNormalization into Conv may cost. */
const PARITY = 1e-3;
const PARITY_IMAGES = 8;
/** What float32 may cost where all logits are near zero. */
const ROUNDING = 1e-5;
/** Beyond it float32 doesn't tell neighbouring classes apart to a unit, and softmax is 0 and 1: nothing that was learned gives such. */
const LARGEST_LOGIT = 2 ** 24;

/**
 * Runs an encoded model that takes tensors in a fresh session and returns the largest difference of its logits from the trainer's. One that
 * is too large is an error.
 */
export async function checkParity(
  what: string,
  trained: Trained,
  model: Uint8Array,
  preprocessing: Preprocessing,
): Promise<number> {
  const images = randomImages(preprocessing);
  const expected = await trainersLogits(trained, images);
  const [results] = await runExported(model, [{ images }], ['logits']);
  const exported = float32Data(present(results?.get('logits'), 'the logits'));
  if (agree(expected, exported)) return compareLogits(what, expected, exported);
  const shaken = await trainersLogits(trained, randomImages(preprocessing, SHAKEN));
  return compareLogits(what, expected, exported, largestDifference(expected, shaken));
}

/** Pixels of a normal distribution, all of them times `scale`. */
function randomImages({ channels, height, width }: Preprocessing, scale = 1): Tensor {
  const random = stream(0, 'parity');
  const dims = [PARITY_IMAGES, channels, height, width];
  const pixels = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => scale * random.normal());
  return tensor('float32', dims, pixels);
}

/**
 * The largest difference of logits; one that is too large for their size is an error, as are logits that aren't finite.
 *
 * @param what - The network's name, for messages.
 * @param shaken - How far the trainer's own logits move when its images change by a millionth, if that is known: where rounding grows
 * as large as the difference, the network is to blame, and not its export.
 */
export function compareLogits(what: string, expected: Float64Array, got: Float32Array, shaken = 0): number {
  const where = `export of ${what}`;
  checkLogits(where, 'the trainer’s logits', expected);
  checkLogits(where, 'the exported model’s logits', got);
  const difference = largestDifference(expected, got);
  if (agree(expected, got)) return difference;
  const limit = PARITY * largest(expected) + ROUNDING;
  if (shaken > limit) {
    fail(where, 'the network has diverged: rounding alone changes what it says', {
      expected: `logits that move by ${rounded(limit)} at most when the images change by a millionth`,
      got: rounded(shaken),
      hint: LOWER_RATE,
    });
  }
  fail(where, 'the exported model disagrees with the trainer', {
    expected: `logits within ${PARITY} of the largest, ${largest(expected)}`,
    got: `a difference of ${difference}`,
  });
}

function agree(expected: Float64Array, got: ArrayLike<number>): boolean {
  return largestDifference(expected, got) <= PARITY * largest(expected) + ROUNDING;
}

/** The largest absolute difference: NaN where one is, or where `got` has fewer. */
export function largestDifference(expected: Float64Array, got: ArrayLike<number>): number {
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (got[i] ?? Number.NaN))), 0);
}

function largest(logits: Float64Array): number {
  return logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

export function rounded(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function checkLogits(where: string, what: string, logits: ArrayLike<number>): void {
  const strange = Array.from(logits).find((value) => !(Math.abs(value) <= LARGEST_LOGIT));
  if (strange === undefined) return;
  fail(where, `${what}: the network has diverged`, {
    expected: `finite numbers up to ${LARGEST_LOGIT}`,
    got: String(strange),
    hint: LOWER_RATE,
  });
}
