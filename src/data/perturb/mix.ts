import { at } from '../../util/checked.js';
import { permutation } from '../../util/random.js';
import type { Operation } from './images.js';

/**
 * mixup (Zhang et al. 2018): x = lambda x + (1 - lambda) x', where a random permutation of the batch gives x', which may be x
 * itself; lambda ~ Beta(1, 1), which is uniform, for the whole batch.
 */
export const mixup: Operation = (batch, random) => {
  const lambda = random.uniform();
  const partners = permutation(batch.count, random);
  const length = batch.height * batch.width * batch.channels;
  const data = batch.data.map((x, at) => {
    const partner = partners[Math.floor(at / length)] as number;
    return lambda * x + (1 - lambda) * (batch.data[partner * length + (at % length)] as number);
  });
  return { images: { ...batch, data }, partners, lambda };
};

/**
 * CutMix (Yun et al. 2019): a box of the image that a random permutation of the batch gives (maybe itself), of the share
 * 1 - lambda of the area, lambda ~ Beta(1, 1); its centre is uniform, what lies outside is cut off, and lambda becomes the
 * share that is left. One box for the batch.
 */
export const cutmix: Operation = (batch, random) => {
  const { height, width, channels, count } = batch;
  const side = Math.sqrt(1 - random.uniform());
  const partners = permutation(count, random);
  const [top, bottom] = span(height, side, random.below(height));
  const [left, right] = span(width, side, random.below(width));
  const data = batch.data.slice();
  const start = (image: number, y: number) => ((image * height + y) * width + left) * channels;
  for (let i = 0; i < count; i++) {
    for (let y = top; y < bottom; y++) {
      const from = start(at(partners, i), y);
      data.set(batch.data.subarray(from, from + (right - left) * channels), start(i, y));
    }
  }
  const lambda = 1 - ((bottom - top) * (right - left)) / (height * width);
  return { images: { ...batch, data }, partners, lambda };
};

/** From where to where a share of an axis reaches around its centre, within the image. */
function span(size: number, share: number, centre: number): readonly [number, number] {
  const half = Math.floor((size * share) / 2);
  return [Math.max(0, centre - half), Math.min(size, centre + half)];
}
