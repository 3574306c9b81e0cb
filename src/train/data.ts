import { relative } from 'node:path';
import { type Augmentation, endsWithMove } from '../data/batch/augment.js';
import type { Loader } from '../data/batch/loader.js';
import { createLoader } from '../data/batch/open-loader.js';
import { createPixelLoader, type PixelBatch } from '../data/batch/pixel-loader.js';
import { channelStatistics } from '../data/batch/statistics.js';
import { withUnlabelled } from '../data/batch/unlabelled-loader.js';
import { type ContentDigests, layoutParts } from '../data/dataset/content.js';
import type { Dataset, Size, Split } from '../data/dataset/dataset.js';
import { contentDigests, digestContent } from '../data/dataset/digests.js';
import { limitSplit, withValidation } from '../data/dataset/split.js';
import { openDataset } from '../data/formats/open.js';
import { openUnlabelled, type UnlabelledImages } from '../data/formats/unlabelled-images.js';
import { inChannels, type Normalisation, normalisationFor } from '../data/image/normalisation.js';
import {
  defaultInputSize,
  type Preprocessing,
  type PreprocessingDecode,
  preprocessingFor,
} from '../data/image/preprocess.js';
import type { ImageMoves } from '../lower/pixel-images.js';
import { augmentationFor, mixingFor } from '../settings/augmentation.js';
import type { RequestedSettings, Settings } from '../settings/settings.js';
import { sha256 } from '../util/files/sha256.js';

/** The data of a run, with a validation split unless nothing is to be held out, and how images become inputs. */
export interface RunData {
  readonly dataset: Dataset;
  readonly preprocessing: Preprocessing;
  readonly augmentation: Augmentation;
  /** Whether the set has a validation split itself, so that nothing more is held out. */
  readonly ownValidation: boolean;
  /** Changes when images are added, removed, renamed, moved to another class or replaced ({@link sameLayout}). */
  readonly fingerprint: string;
  /** The content that it is about. */
  readonly content: ContentDigests;
  /** Images that only teachers say something of, where the settings name such. */
  readonly unlabelled?: UnlabelledImages;
}

/**
 * Opens and checks the data; holds out the validation split; takes the statistics of the rest, unless the settings name a normalisation, or
 * leave it open and one is given that is for as many channels, or for colours where images are grey; `size` comes before what the settings say. `onProgress` is called with each
 * image file that is read; what it throws ends the preparation. A resumed run decodes
 * images as it began (`decode`).
 */
export async function prepareData(
  settings: RequestedSettings,
  onProgress: () => void = () => {},
  normalisation?: Normalisation,
  decode?: PreprocessingDecode,
  size?: Size,
): Promise<RunData> {
  const opened = await openData(settings, onProgress);
  const content = contentDigests(opened);
  const fingerprint = layoutOf(opened) + digestContent(content);
  const split = withValidation(opened, { fraction: settings.validation }, settings.seed);
  const train = settings.limit ? limitSplit(split.train, settings.limit, settings.seed) : split.train;
  const dataset = { ...split, train };
  const input = size ?? inputSize(settings, dataset);
  const chosen = chosenNormalisation(settings, dataset.channels, normalisation);
  const statistics = chosen
    ? chosen
    : await channelStatistics(dataset, { input, seed: settings.seed, decode, onProgress });
  const preprocessing = preprocessingFor(dataset, statistics, input, decode, settings.crop);
  const ownValidation = opened.validation !== undefined;
  const augmentation = augmentationFor(settings, dataset, input);
  const unlabelled = settings.unlabelled === null ? undefined : await openUnlabelled(settings.unlabelled, onProgress);
  const data = { dataset, preprocessing, augmentation, ownValidation, fingerprint, content };
  return unlabelled ? { ...data, unlabelled } : data;
}

type DataSettings = Pick<RequestedSettings, 'data' | 'task' | 'channels'>;

/** The fingerprint of the data that settings name ({@link RunData.fingerprint}): what a run on them would have. */
export async function fingerprintData(settings: DataSettings): Promise<string> {
  const opened = await openData(settings);
  return layoutOf(opened) + digestContent(contentDigests(opened));
}

async function openData({ data, task, channels }: DataSettings, onProgress?: () => void): Promise<Dataset> {
  return withColours(await openDataset(data, { ...(onProgress && { onProgress }), task }), { channels });
}

/** The settings' normalisation; where they leave it open the one that is given, if it is for as many channels. */
function chosenNormalisation(
  { normalisation }: Pick<Settings, 'normalisation'>,
  channels: number,
  given: Normalisation | undefined,
): Normalisation | undefined {
  if (normalisation === 'data') return undefined;
  if (normalisation !== 'auto') return normalisationFor(normalisation, channels);
  return inChannels(given, channels);
}

/**
 * Training batches: shuffled, augmented, whole; mixed, and perturbed ones beside them where the settings say so. Where there are images
 * without labels, as many of these beside each batch, augmented likewise.
 */
export function trainingLoader(
  { dataset, preprocessing, augmentation, unlabelled }: RunData,
  settings: Settings,
): Loader {
  const { batchSize, workers, seed, sampler, inputPerturbation, nets } = settings;
  const perturbation = inputPerturbation && { ...inputPerturbation, networks: nets.length };
  const mixing = mixingFor(settings);
  const balanced = sampler === 'balanced';
  const training = { seed, augmentation, balanced, ...(perturbation && { perturbation }), ...(mixing && { mixing }) };
  const labelled = createLoader({ split: dataset.train, preprocessing, batchSize, workers, training });
  if (!unlabelled) return labelled;
  const { source } = unlabelled;
  return withUnlabelled(labelled, { source, preprocessing, augmentation, seed, count: batchSize, workers });
}

/** The same batches as bytes, for a step that prepares its images itself. Such are neither mixed nor perturbed. */
export function pixelLoader(
  { dataset, preprocessing, augmentation, unlabelled }: RunData,
  { batchSize, workers, seed, sampler }: Settings,
): Loader<PixelBatch> {
  const training = { seed, augmentation, balanced: sampler === 'balanced' };
  const labelled = createPixelLoader({ split: dataset.train, preprocessing, batchSize, workers, training });
  if (!unlabelled) return labelled;
  const { source } = unlabelled;
  return withUnlabelled(labelled, {
    source,
    preprocessing,
    augmentation,
    seed,
    count: batchSize,
    workers,
    pixels: true,
  });
}

/** What of an augmentation is left to a step that prepares its images itself. */
export function movesOf(augmentation: Augmentation): ImageMoves {
  const { padCrop, flip } = augmentation;
  const moves = endsWithMove(augmentation);
  return { crops: moves && padCrop > 0, flips: moves && flip };
}

/** All images of a split, in order, for evaluation. */
export function evaluationLoader(
  split: Split,
  preprocessing: Preprocessing,
  { batchSize, workers }: Pick<Settings, 'batchSize' | 'workers'>,
): Loader {
  return createLoader({ split, preprocessing, batchSize, workers });
}

/** The data with as many channels as the settings want: images are converted when they are read. */
function withColours(dataset: Dataset, { channels }: Pick<Settings, 'channels'>): Dataset {
  if (channels === undefined) return dataset;
  return { ...dataset, channels: channels === 1 ? 1 : 3 };
}

function inputSize({ size }: RequestedSettings, dataset: Dataset): Size {
  return size ? { height: size, width: size } : defaultInputSize(dataset);
}

/** Digits of a fingerprint that are about classes, counts, labels and names; older runs have no others. */
const LAYOUT_DIGITS = 16;

/** Whether two fingerprints are of the same classes with images of the same names. */
export function sameLayout(one: string, other: string): boolean {
  return one.slice(0, LAYOUT_DIGITS) === other.slice(0, LAYOUT_DIGITS);
}

/** Whether data are those of a fingerprint, as far as that tells. */
export function sameData(recorded: string, { fingerprint }: Pick<RunData, 'fingerprint'>): boolean {
  return recorded.length > LAYOUT_DIGITS ? recorded === fingerprint : sameLayout(recorded, fingerprint);
}

function layoutOf(dataset: Dataset): string {
  const root = dataset.root ?? dataset.name;
  const parts = layoutParts(dataset, ({ paths }) => paths.map((path) => relative(root, path)));
  return sha256(parts).slice(0, LAYOUT_DIGITS);
}
