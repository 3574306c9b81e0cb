import type { Pixels } from '../dataset/dataset.js';
import { writePlanes } from '../image/preprocess.js';
import { augment, beforeMove, endsWithMove, type Move } from './augment.js';
import { type BatchRecipe, type BatchTask, type LoadImages, randomOf } from './batch-maker.js';

/** What moves an image: where its crop begins, and 1 where it is mirrored, else 0. */
export const MOVE_NUMBERS = 3;

/** Images as bytes, which are to be moved and normalised yet. */
export interface MadePixels {
  /** [n, channels, height, width] */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Each image's top, left and flip (`Move`), [n, 3], where the augmentation ends with such; else they are moved already. */
  readonly moves?: Float32Array<ArrayBuffer>;
}

/** A function that makes batches of bytes: of the same images as `batchMaker`, augmented by the same draws. */
export function pixelMaker(
  { preprocessing, training }: Pick<BatchRecipe, 'preprocessing' | 'training'>,
  load: LoadImages,
): (task: BatchTask) => Promise<MadePixels> {
  const { channels, height, width } = preprocessing;
  const imageLength = channels * height * width;
  const moving = training !== undefined && endsWithMove(training.augmentation);
  return async (task) => {
    const count = task.indices.length;
    const pixels = new Uint8Array(count * imageLength);
    const moves = new Float32Array(moving ? count * MOVE_NUMBERS : 0);
    const prepare = (image: Pixels, slot: number) => {
      if (!training) return image;
      const random = randomOf(task, slot, training.seed);
      if (!moving) return augment(image, training.augmentation, preprocessing, random);
      const begun = beforeMove(image, training.augmentation, preprocessing, random);
      moves.set(numbersOf(begun.move), slot * MOVE_NUMBERS);
      return begun.image;
    };
    await load(task.indices, (image, slot) => writePlanes(prepare(image, slot), pixels, slot * imageLength));
    return { pixels, ...(moving && { moves }) };
  };
}

function numbersOf({ top, left, flipped }: Move): number[] {
  return [top, left, flipped ? 1 : 0];
}
