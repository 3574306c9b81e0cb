import { permutation } from '../../util/random.js';
import { blendImages, boxAround, pasteBoxes, shareAround } from '../operations/mix.js';
import type { Operation } from './images.js';

/**
 * mixup (Zhang et al. 2018): x = lambda x + (1 - lambda) x', where a random permutation of the batch gives x', which may be x
 * itself; lambda ~ Beta(1, 1), which is uniform, for the whole batch.
 */
export const mixup: Operation = (batch, random) => {
  const lambda = random.uniform();
  const partners = permutation(batch.count, random);
  return { images: { ...batch, data: blendImages(batch.data, partners, lambda) }, partners, lambda };
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
  const box = boxAround(batch, side, [random.below(height), random.below(width)]);
  const data = pasteBoxes(batch.data, partners, box, { height, width, planes: 1, samples: channels });
  return { images: { ...batch, data }, partners, lambda: shareAround(box, batch) };
};
