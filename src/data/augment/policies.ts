import { at } from '../../util/checked.js';
import type { Random } from '../../util/random.js';
import type { Pixels } from '../dataset/dataset.js';
import {
  MAGNITUDES,
  type PolicyOperation,
  policyOperations,
  randAugmentRanges,
  TRIVIAL_AUGMENT_WIDE,
} from './magnitudes.js';

/** How RandAugment changes an image. */
export interface RandAugment {
  /** How many operations, one after the other. */
  readonly operations: number;
  /** Which of the 31 strengths they have, from 0. */
  readonly magnitude: number;
}

/** So many random operations of one strength, as torchvision's RandAugment draws them: the same one may come again. */
export function randAugment(image: Pixels, { operations, magnitude }: RandAugment, random: Random): Pixels {
  const table = policyOperations(randAugmentRanges(image));
  let changed = image;
  for (let i = 0; i < operations; i++) {
    changed = applyRandomly(changed, at(table, random.below(table.length)), () => magnitude, random);
  }
  return changed;
}

const TRIVIAL_OPERATIONS = policyOperations(TRIVIAL_AUGMENT_WIDE);

/** One random operation of a random strength, as torchvision's TrivialAugmentWide draws them. */
export function trivialAugment(image: Pixels, random: Random): Pixels {
  const operation = at(TRIVIAL_OPERATIONS, random.below(TRIVIAL_OPERATIONS.length));
  return applyRandomly(image, operation, () => random.below(MAGNITUDES), random);
}

function applyRandomly(
  image: Pixels,
  { magnitudes, signed, apply }: PolicyOperation,
  bin: () => number,
  random: Random,
): Pixels {
  const magnitude = magnitudes ? at(magnitudes, bin()) : 0;
  const opposite = signed && random.below(2) === 1;
  return apply(image, opposite ? -magnitude : magnitude);
}
