import { keepForTraining, NO_AUGMENTATION } from '../../data/batch/augment.js';
import { type BatchRecipe, batchMaker, type LoadImages } from '../../data/batch/batch-maker.js';
import { type Loader, loaderOn } from '../../data/batch/loader.js';
import type { Pixels, Split } from '../../data/dataset/dataset.js';
import { withChannels } from '../../data/image/channels.js';
import { mixingFor } from '../../settings/augmentation.js';
import type { Settings } from '../../settings/settings.js';
import type { NetworkBatch } from '../../train/batch-inputs.js';
import { at } from '../../util/checked.js';
import { takeBreath } from '../web/breath.js';
import type { PageData } from './page-data.js';
import { type PagePictures, pictureAt } from './page-pictures.js';

/** Training batches of pictures: shuffled, augmented and mixed as in Node.js. */
export function pageTrainingLoader({ pictures, dataset, preprocessing, augmentation }: PageData, settings: Settings) {
  const { batchSize, seed, sampler, inputPerturbation, nets } = settings;
  const perturbation = inputPerturbation && { ...inputPerturbation, networks: nets.length };
  const mixing = mixingFor(settings);
  const balanced = sampler === 'balanced';
  const training = { seed, augmentation, balanced, ...(perturbation && { perturbation }), ...(mixing && { mixing }) };
  return loaderOn(makerOf(pictures), { split: dataset.train, preprocessing, batchSize, training, prefetch: 0 });
}

/** All pictures of a split, in order, for evaluation. */
export function pageEvaluationLoader(
  { pictures, preprocessing }: Pick<PageData, 'pictures' | 'preprocessing'>,
  split: Split,
  batchSize: number,
): Loader {
  return loaderOn(makerOf(pictures), { split, preprocessing, batchSize, prefetch: 0 });
}

/** A loader after each of whose batches the page has its turn. */
export function breathing<Made extends NetworkBatch>(loader: Loader<Made>): Loader<Made> {
  return {
    ...loader,
    async *epoch(at) {
      for await (const batch of loader.epoch(at)) {
        await takeBreath();
        yield batch;
      }
    },
  };
}

/** Batches are made here, not in threads of their own. */
function makerOf(pictures: PagePictures) {
  return (recipe: BatchRecipe) => ({
    make: batchMaker(recipe, loadFrom(pictures, recipe)),
    close: async () => {},
  });
}

/** Pictures as they are kept between epochs. */
export function loadFrom(
  pictures: PagePictures,
  { source, preprocessing, training }: Pick<BatchRecipe, 'source' | 'preprocessing' | 'training'>,
): LoadImages {
  if (source.kind !== 'files') throw new Error('internal error: packed images in a page');
  const augmentation = training?.augmentation ?? NO_AUGMENTATION;
  const kept: (Pixels | undefined)[] = [];
  const load = (i: number): Pixels => {
    const image =
      kept[i] ??
      keepForTraining(
        withChannels(pictureAt(pictures, source, i), preprocessing.channels),
        augmentation,
        preprocessing,
      );
    kept[i] = image;
    return image;
  };
  return async (indices, place) => {
    for (const slot of indices.keys()) place(load(at(indices, slot)), slot);
  };
}
