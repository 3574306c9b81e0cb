import { isDeepStrictEqual } from 'node:util';
import { inChannels } from '../data/image/normalisation.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import type { RequestedSettings } from '../settings/settings.js';
import type { WeightsPreprocessing } from '../weights/files/timm-config.js';
import type { OpenedWeights } from './open.js';

type Key = 'size' | 'crop';
type Normalisation = Pick<WeightsPreprocessing, 'mean' | 'std'>;

/** How images are normalised for the weights, as far as these say so, and all the same. */
export function normalisationOf(files: readonly OpenedWeights[]): Normalisation | undefined {
  const [first, ...others] = described(files);
  return first && others.every((other) => sameNormalisation(first, other)) ? first : undefined;
}

/** Settings with the input size and the crop of the weights, where these say them, all the same, and the settings leave them open. */
export function settlePreprocessing<Given extends RequestedSettings>(
  settings: Given,
  files: readonly OpenedWeights[],
): Given {
  const [size, crop] = [settings.size ?? agreed(files, 'size'), settings.crop ?? agreed(files, 'crop')];
  return { ...settings, ...(size !== undefined && { size }), ...(crop !== undefined && { crop }) };
}

/** What is to be said of how images are prepared: that it is as for the weights, or where it isn't and why. `given` are the settings before they were settled. */
export function describePreprocessing(
  files: readonly OpenedWeights[],
  given: RequestedSettings,
  preprocessing: Preprocessing,
): { notes: string[]; warnings: string[] } {
  const { mean, std, channels } = preprocessing;
  const stated = normalisationOf(files);
  const wanted = inChannels(stated, channels) ?? stated;
  const others = [...sideNotes(files, 'size', preprocessing.height), ...sideNotes(files, 'crop', given.crop)];
  if (wanted && sameNormalisation(wanted, preprocessing)) {
    const values = `mean ${list(mean)}, std ${list(std)}${cutAsFor(files, given, preprocessing)}`;
    const where = files.find(({ config }) => config?.preprocessing)?.config?.where;
    return { notes: [`images are normalised as for the weights: ${values} (${where})`, ...others], warnings: [] };
  }
  const normalised = `images are normalised ${otherwise(files, given, preprocessing)}`;
  const isKnown = given.normalisation === 'auto' || wanted !== undefined;
  return isKnown ? { notes: others, warnings: [normalised] } : { notes: [normalised, ...others], warnings: [] };
}

/** What else of the weights' preparation is taken. */
function cutAsFor(
  files: readonly OpenedWeights[],
  given: RequestedSettings,
  { height, resize }: Preprocessing,
): string {
  const isCut = resize.height > height;
  const taken = (isCut ? (['size', 'crop'] as const) : (['size'] as const)).flatMap((key) => {
    const value = agreed(files, key);
    return given[key] === undefined && value !== undefined ? [`${key} ${short(value)}`] : [];
  });
  return taken.length > 0 ? `, ${taken.join(', ')}` : '';
}

/** By what images are normalised where it isn't as for the weights, and why. */
function otherwise(
  files: readonly OpenedWeights[],
  { normalisation }: RequestedSettings,
  preprocessing: Preprocessing,
): string {
  const { mean, std, channels } = preprocessing;
  const wanted = normalisationOf(files);
  const own = ['auto', 'data'].includes(String(normalisation))
    ? 'by mean and std of the training images'
    : `by mean ${list(mean)}, std ${list(std)}`;
  if (normalisation !== 'auto') {
    const other = wanted ? `: the weights were trained with mean ${list(wanted.mean)}, std ${list(wanted.std)}` : '';
    return `${own}, as the settings say${other}`;
  }
  if (wanted) return `${own}: the weights have them for ${wanted.mean.length} channels, the images have ${channels}`;
  if (described(files).length > 0) return `${own}: the networks' weights say different ones (--normalisation chooses)`;
  return `${own}: nothing says what the weights were trained with. Say it, if you know: --normalisation imagenet (PyTorch's) or tf (TensorFlow's)`;
}

const WORDS: Readonly<Record<Key, { what: string; flag: string }>> = {
  size: { what: 'pixels a side', flag: '--size' },
  crop: { what: 'as the share of the middle crop', flag: '--crop' },
};

/** Where networks' weights say different ones, or the settings others than all of them. */
function sideNotes(files: readonly OpenedWeights[], key: Key, chosen: number | undefined): string[] {
  const stated = [...new Set(described(files).flatMap((each) => each[key] ?? []))];
  const { what, flag } = WORDS[key];
  if (stated.length > 1 && chosen === undefined)
    return [`the networks' weights say different numbers of ${key}: ${stated.join(', ')} (${flag} chooses)`];
  const others = stated.filter((each) => each !== chosen);
  if (chosen === undefined || others.length === 0) return [];
  return [`images have ${short(chosen)} ${what}; the weights were trained with ${others.map(short).join(', ')}`];
}

function agreed(files: readonly OpenedWeights[], key: Key): number | undefined {
  const [first, ...others] = new Set(described(files).flatMap((each) => each[key] ?? []));
  return others.length === 0 ? first : undefined;
}

function described(files: readonly OpenedWeights[]): WeightsPreprocessing[] {
  return files.flatMap(({ config }) => config?.preprocessing ?? []);
}

function sameNormalisation(one: Normalisation, other: Normalisation): boolean {
  return isDeepStrictEqual([one.mean, one.std], [other.mean, other.std]);
}

const short = (value: number) => String(Number(value.toPrecision(3)));
const list = (values: readonly number[]) => values.map(short).join(', ');
