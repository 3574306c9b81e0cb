import type { Random } from '../../util/random.js';
import { type RandAugment, randAugment, trivialAugment } from '../augment/policies.js';
import { randomErasing } from '../augment/random-erasing.js';
import type { Dataset, Pixels, Size } from '../dataset/dataset.js';
import { crop } from '../image/crop.js';
import { fitImage, type Preprocessing } from '../image/preprocess.js';
import { paddedBox, RANDOM_RESIZED_CROP, type RandomResizedCrop, randomResizedBox } from '../image/random-crop.js';
import { coveringSize, resize } from '../image/resize.js';
import { rotate } from '../operations/affine.js';
import { colourJitter, type JitterRanges } from '../operations/colour.js';
import { flipHorizontally } from '../operations/flips.js';

/** What is done at random to a training image, in this order. */
export interface Augmentation {
  /** Cut a random part and scale it to the input size; null: scale and cut as at evaluation. */
  readonly randomResizedCrop: RandomResizedCrop | null;
  /** Pad with this many black pixels on each side and cut the input size out at random; 0: don't. */
  readonly padCrop: number;
  /** Mirror every second image, on average, left to right. */
  readonly flip: boolean;
  /** Turn by up to this many degrees either way, uniformly drawn; 0: don't. */
  readonly rotation: number;
  /** Change brightness, contrast, saturation and hue at random, in random order. */
  readonly colorJitter?: JitterRanges | undefined;
  readonly randAugment?: RandAugment | undefined;
  readonly trivialAugment?: boolean;
  /** Erase a random box with this probability; 0: don't. */
  readonly randomErasing?: number;
}

export const NO_AUGMENTATION: Augmentation = { randomResizedCrop: null, padCrop: 0, flip: false, rotation: 0 };

/**
 * The usual augmentation of a data set: pad-and-crop and flip where all images have the input size (no flip for IDX
 * files, which hold digits and letters), else random resized crop and flip.
 */
export function defaultAugmentation(dataset: Pick<Dataset, 'kind' | 'size'>, input: Size): Augmentation {
  const whole = dataset.size?.height === input.height && dataset.size.width === input.width;
  const flip = dataset.kind !== 'idx';
  return whole
    ? { randomResizedCrop: null, padCrop: Math.max(1, Math.round(input.height / 8)), flip, rotation: 0 }
    : { randomResizedCrop: RANDOM_RESIZED_CROP, padCrop: 0, flip, rotation: 0 };
}

/** What an image becomes by a crop out of its padding, and a flip: what the augmentation of small images is. */
export interface Move {
  /** Where the crop begins in the image: below 0 it begins in the padding. */
  readonly top: number;
  readonly left: number;
  /** Whether what is cut out is mirrored left to right. */
  readonly flipped: boolean;
}

/**
 * One augmented image of the input size, [height, width, c]. `kept` is an image that {@link keepForTraining} made;
 * all choices come from `random`, in a fixed order. Erased parts show the mean colour of the input's preprocessing.
 */
export function augment(kept: Pixels, augmentation: Augmentation, input: AugmentedInput, random: Random): Pixels {
  const { rotation } = augmentation;
  const { image: cut, move } = beforeMove(kept, augmentation, input, random);
  let image = moveImage(cut, move);
  if (rotation > 0) image = rotate(image, rotation * (2 * random.uniform() - 1));
  return distort(image, augmentation, input.mean, random);
}

/** An image of the input size, and how it is moved next. */
export function beforeMove(
  kept: Pixels,
  { randomResizedCrop, padCrop, flip }: Augmentation,
  input: Size,
  random: Random,
): { readonly image: Pixels; readonly move: Move } {
  const image = randomResizedCrop ? resize(crop(kept, randomResizedBox(kept, randomResizedCrop, random)), input) : kept;
  const { top, left } = padCrop > 0 ? paddedBox(image, padCrop, random) : { top: 0, left: 0 };
  return { image, move: { top, left, flipped: flip && random.uniform() < 0.5 } };
}

function moveImage(image: Pixels, { top, left, flipped }: Move): Pixels {
  const { height, width } = image;
  const cut = top === 0 && left === 0 ? image : crop(image, { top, left, height, width });
  return flipped ? flipHorizontally(cut) : cut;
}

/** Whether nothing is done to an image after it is moved, so that whoever has the move may do that as well. */
export function endsWithMove(augmentation: Augmentation): boolean {
  const { rotation, colorJitter, randAugment: policy, trivialAugment: trivial, randomErasing: erased } = augmentation;
  return rotation === 0 && !colorJitter && !policy && !trivial && !erased;
}

type AugmentedInput = Pick<Preprocessing, 'height' | 'width' | 'mean'>;

/** What comes after crops, flips and rotation. */
function distort(
  image: Pixels,
  { colorJitter, randAugment: policy, trivialAugment: trivial, randomErasing: erased = 0 }: Augmentation,
  mean: readonly number[],
  random: Random,
): Pixels {
  let changed = image;
  if (colorJitter) changed = colourJitter(changed, colorJitter, random);
  if (policy) changed = randAugment(changed, policy, random);
  if (trivial) changed = trivialAugment(changed, random);
  return erased > 0 ? randomErasing(changed, erased, mean, random) : changed;
}

/**
 * What is kept of a decoded training image between epochs: where a random part is cut, the image scaled down until
 * it just covers twice the input size (a smaller image stays as it is); else the image of the input size.
 */
export function keepForTraining(image: Pixels, augmentation: Augmentation, preprocessing: Preprocessing): Pixels {
  if (!augmentation.randomResizedCrop) return fitImage(image, preprocessing);
  const most = neededForTraining(augmentation, preprocessing);
  const reduced = coveringSize(image, most);
  return reduced.height < image.height ? resize(image, reduced) : image;
}

/** What a training image is scaled to before it is augmented, if it is larger. */
export function neededForTraining({ randomResizedCrop }: Augmentation, { height, width, resize }: Preprocessing): Size {
  return randomResizedCrop ? { height: 2 * height, width: 2 * width } : resize;
}
