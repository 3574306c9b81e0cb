import { countSamples, noSamples, sampledFiles, statisticsOf } from '../../data/batch/sample-counts.js';
import type { Dataset, Size } from '../../data/dataset/dataset.js';
import { limitSplit, withValidation } from '../../data/dataset/split.js';
import { withChannels } from '../../data/image/channels.js';
import { BACKGROUND } from '../../data/image/colours.js';
import { type Normalisation, normalisationFor } from '../../data/image/normalisation.js';
import { defaultInputSize, fitImage, type Preprocessing, preprocessingFor } from '../../data/image/preprocess.js';
import { augmentationFor } from '../../settings/augmentation.js';
import type { RequestedSettings } from '../../settings/settings.js';
import { type PagePictures, PICTURES, pictureAt } from './page-pictures.js';

/** The data of a page's run, parted and prepared as Node.js does with the same files. */
export interface PageData {
  readonly pictures: PagePictures;
  /** As it was opened: nothing is held out. */
  readonly whole: Dataset;
  readonly dataset: Dataset;
  readonly preprocessing: Preprocessing;
  readonly augmentation: ReturnType<typeof augmentationFor>;
}

/** Holds out the validation split and settles how pictures become inputs. They are never scaled but by Agon's own resampling. */
export function preparePageData(settings: RequestedSettings, pictures: PagePictures): PageData {
  const whole = datasetOf(pictures, settings);
  const split = withValidation(whole, { fraction: settings.validation }, settings.seed);
  const train = settings.limit ? limitSplit(split.train, settings.limit, settings.seed) : split.train;
  const dataset = { ...split, train };
  const input = settings.size ? { height: settings.size, width: settings.size } : defaultInputSize(dataset);
  const preparing = (normalisation: Normalisation) =>
    preprocessingFor(dataset, normalisation, input, { background: BACKGROUND }, settings.crop);
  const { normalisation } = settings;
  const chosen =
    typeof normalisation === 'object' || normalisation === 'imagenet' || normalisation === 'tf'
      ? normalisationFor(normalisation, dataset.channels)
      : statistics(pictures, dataset, preparing({ mean: [], std: [] }), settings.seed);
  return {
    pictures,
    whole,
    dataset,
    preprocessing: preparing(chosen),
    augmentation: augmentationFor(settings, dataset, input),
  };
}

function datasetOf({ classes, split }: PagePictures, { channels }: Pick<RequestedSettings, 'channels'>): Dataset {
  const size = commonSize(split.source.sizes ?? []);
  return {
    kind: 'folder',
    name: PICTURES,
    classes,
    channels: channels === 1 ? 1 : 3,
    ...(size && { size }),
    train: split,
    skipped: [],
  };
}

function commonSize([first, ...others]: readonly Size[]): Size | undefined {
  return others.every(({ height, width }) => height === first?.height && width === first.width) ? first : undefined;
}

/** Mean and deviation of the training pictures as they are at evaluation. */
function statistics(
  pictures: PagePictures,
  { train, channels }: Dataset,
  preprocessing: Preprocessing,
  seed: number,
): Normalisation {
  const counts = noSamples(channels);
  const { source } = sampledFiles(train, seed);
  if (source.kind !== 'files') throw new Error('internal error: packed images in a page');
  for (const i of source.paths.keys()) {
    countSamples(fitImage(withChannels(pictureAt(pictures, source, i), channels), preprocessing), counts);
  }
  return statisticsOf(counts, channels);
}
