import type { Size, Split } from '../dataset/dataset.js';
import type { Preprocessing } from '../image/preprocess.js';
import { coveringSize } from '../image/resize.js';
import { type Augmentation, neededForTraining } from './augment.js';

/** Bound on decoded image files that a loader keeps. */
export const CACHE_BYTES = 2 ** 30;

interface Kept {
  readonly split: Pick<Split, 'source' | 'length'>;
  readonly preprocessing: Preprocessing;
  readonly workers: number;
  /** Absent at evaluation. */
  readonly augmentation?: Augmentation;
}

/**
 * How many bytes of decoded images a loader comes to keep at most: none of images that are in memory anyway. Each worker keeps
 * those that it has met, all within {@link CACHE_BYTES}.
 */
export function keptBytes({ split: { source, length }, preprocessing, augmentation, workers }: Kept): number {
  if (source.kind === 'packed') return 0;
  const { channels, height, width } = preprocessing;
  const input: Size = { height, width };
  const keptSize = (image: Size | undefined): Size => {
    if (!augmentation?.randomResizedCrop) return input;
    const most = neededForTraining(augmentation, preprocessing);
    if (!image) return most;
    const reduced = coveringSize(image, most);
    return reduced.height < image.height ? reduced : image;
  };
  let bytes = 0;
  for (let i = 0; i < length; i++) {
    const kept = keptSize(source.sizes?.[i]);
    bytes += channels * kept.height * kept.width;
  }
  return Math.min(CACHE_BYTES, workers * bytes);
}
