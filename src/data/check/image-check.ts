import { at } from '../../util/checked.js';
import { mapConcurrent } from '../../util/concurrency.js';
import { AgonError, fail } from '../../util/error.js';
import {
  type Dataset,
  type ImageFile,
  type ImageFiles,
  imageFileAt,
  imagesPerClass,
  type Pixels,
  type Size,
  type SkippedFile,
  type Split,
  type SplitName,
  splitsOf,
} from '../dataset/dataset.js';
import { digestBytes } from '../dataset/digests.js';
import { classesOf } from '../dataset/multi-label.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { selectRows } from '../dataset/split.js';
import { withImage } from '../image/decode.js';
import { ImageFault } from '../image/image-fault.js';
import { readImageFile } from '../image/open-image.js';
import { isNearlyConstant } from '../image/spread.js';

/** Decodings under way at a time: the threads that Node.js gives to libvips by default. */
const CONCURRENCY = 4;

/** What is seen of an image while it is decoded. */
export interface SeenImage {
  readonly split: SplitName;
  /** Its position in the split as that was before the check. */
  readonly position: number;
  readonly path: string;
  readonly label: number;
  /** As stored. */
  readonly size: Size;
  /** The image file, or undefined for packed images. */
  readonly bytes?: Uint8Array;
  readonly digest: string;
  /** Of 128 pixels or more on each side, if it has as many; [h, w, 3]. Gone after the call. */
  readonly pixels: Pixels;
  readonly constant: boolean;
}

interface Checked {
  readonly split: Split;
  /** Whether each image is nearly of one colour. */
  readonly constant: readonly boolean[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * Decodes every file of a data set once and moves those that can't be read to `skipped`, with the reason. After it
 * the sizes of all images are known, and the number of batches is the same in every run. A class or a split of which
 * no image can be read is an error; where they are only measured, a split alone. `onProgress` gets the number of files decoded so far,
 * `onSeen` every image file that can be read, in no certain order.
 */
export async function checkImages(
  dataset: Dataset,
  onProgress?: (decoded: number) => void,
  measuring = false,
  onSeen?: (image: SeenImage) => void,
): Promise<Dataset> {
  if (dataset.train.source.kind === 'packed') return withNotes(dataset, packedNotes(dataset));
  let decoded = 0;
  const count = () => onProgress?.(++decoded);
  const check = (name: SplitName, split: Split) => checkSplit(dataset, { name, split }, count, onSeen);
  const train = await check('train', dataset.train);
  const validation = dataset.validation && (await check('validation', dataset.validation));
  const test = dataset.test && (await check('test', dataset.test));
  if (!measuring) checkClasses(dataset, train);
  const parts = [train, ...(validation ? [validation] : []), ...(test ? [test] : [])];
  const size = dataset.size ?? commonSize(parts.map(({ split }) => split));
  const names: SplitName[] = [
    'train',
    ...(validation ? ['validation' as const] : []),
    ...(test ? ['test' as const] : []),
  ];
  const notes = parts.flatMap(({ constant }, i) => constantNotes(at(names, i), constant));
  return {
    ...withNotes(dataset, notes),
    ...(size && { size }),
    train: train.split,
    ...(validation && { validation: validation.split }),
    ...(test && { test: test.split }),
    skipped: [...dataset.skipped, ...parts.flatMap(({ skipped }) => skipped)],
  };
}

async function checkSplit(
  dataset: Dataset,
  { name, split }: { readonly name: SplitName; readonly split: Split },
  count: () => void,
  onSeen: (image: SeenImage) => void = () => {},
): Promise<Checked> {
  if (split.source.kind !== 'files') throw new Error('internal error: packed images are checked as files');
  const see = (position: number, path: string, seen: Looked) =>
    onSeen({ split: name, position, path, label: at(split.labels, position), ...seen });
  const { source, readable, skipped, constant } = await lookAtFiles(dataset.name, split.source, count, see);
  return { split: selectRows({ ...split, source }, readable), skipped, constant };
}

/** Image files that were looked at. */
export interface LookedAtFiles {
  /** All of them, with sizes and digests of those that can be read. */
  readonly source: ImageFiles;
  /** Positions of those that can be read. */
  readonly readable: readonly number[];
  readonly skipped: readonly SkippedFile[];
  /** Whether each of those that can be read is nearly of one colour. */
  readonly constant: readonly boolean[];
}

/** Decodes image files once. It is an error that names `where` if there are some and none can be read. */
export async function lookAtFiles(
  where: string,
  files: ImageFiles,
  count: () => void,
  see: (position: number, path: string, seen: Looked) => void = () => {},
): Promise<LookedAtFiles> {
  const { paths } = files;
  const results = await mapConcurrent(paths, CONCURRENCY, async (path, position) => {
    const result = await lookOrReason(imageFileAt(files, position), (seen) => see(position, path, seen));
    count();
    return result;
  });
  const readable = results.flatMap((result, i) => (typeof result === 'string' ? [] : [i]));
  const skipped = results.flatMap((reason, i) => (typeof reason === 'string' ? [{ path: at(paths, i), reason }] : []));
  if (readable.length === 0 && paths.length > 0) failUnreadable(where, skipped);
  const digests = results.map((result) => (typeof result === 'string' ? '' : result.digest));
  const source: ImageFiles = { ...files, sizes: results.map(sizeOf), digests };
  const constant = results.flatMap((result) => (typeof result === 'string' ? [] : [result.constant]));
  return { source, readable, skipped, constant };
}

function withNotes(dataset: Dataset, more: readonly string[]): Dataset {
  const notes = [...(dataset.notes ?? []), ...more];
  return notes.length > 0 ? { ...dataset, notes } : dataset;
}

/** Of so many packed images of a split it is looked at whether they are nearly of one colour. */
const SAMPLED = 500;

function packedNotes(dataset: Dataset): string[] {
  return splitsOf(dataset).flatMap(({ name, split: { source, length } }) => {
    if (source.kind !== 'packed') return [];
    const step = Math.max(1, Math.floor(length / SAMPLED));
    const positions = Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
    return constantNotes(
      name,
      positions.map((i) => isNearlyConstant(pixelsAt(source, i))),
    );
  });
}

/** A warning where half of a split's images or more are nearly of one colour. */
function constantNotes(name: SplitName, constant: readonly boolean[]): string[] {
  const count = constant.filter((each) => each).length;
  if (count === 0 || 2 * count < constant.length) return [];
  const share = count === constant.length ? 'all' : `${Math.floor((100 * count) / constant.length)} % of the`;
  return [
    `${share} ${name} images are nearly of one colour, so there is hardly anything to learn from: look at some in a viewer; if they show something there, save them with 8 bits and full contrast`,
  ];
}

function pathsOf({ source }: Split): readonly string[] {
  return source.kind === 'files' ? source.paths : [];
}

function sizeOf(result: Size | string): Size {
  return typeof result === 'string' ? { height: 0, width: 0 } : { height: result.height, width: result.width };
}

/** Images are looked at in this size or up to twice it. */
const LOOKED_AT = { height: 128, width: 128 };

type Looked = Pick<SeenImage, 'size' | 'bytes' | 'digest' | 'pixels' | 'constant'>;
type LookedOver = Size & Pick<SeenImage, 'digest' | 'constant'>;

async function lookOrReason(file: ImageFile, see: (seen: Looked) => void): Promise<LookedOver | string> {
  try {
    const bytes = await readImageFile(file);
    const digest = digestBytes(bytes);
    return await withImage(bytes, 3, { reduceTo: LOOKED_AT }, (pixels, { height, width }) => {
      const constant = isNearlyConstant(pixels);
      see({ size: { height, width }, bytes, digest, pixels, constant });
      return { height, width, digest, constant };
    });
  } catch (error) {
    if (error instanceof ImageFault) return error.message;
    if (error instanceof AgonError && error.cause instanceof ImageFault) return error.cause.message;
    throw error;
  }
}

function checkClasses({ name, classes, train }: Dataset, { split, skipped }: Checked): void {
  const empty = imagesPerClass(split, classes.length).indexOf(0);
  if (empty < 0) return;
  const inClass = new Set(pathsOf(train).filter((_, i) => classesOf(train, i, classes.length).includes(empty)));
  failUnreadable(
    `${name}, class ${classes[empty]}`,
    skipped.filter(({ path }) => inClass.has(path)),
  );
}

function failUnreadable(where: string, skipped: readonly SkippedFile[]): never {
  const [first] = skipped;
  return fail(where, 'none of its images can be read', {
    ...(first && { got: `"${first.reason}" for ${first.path}` }),
    ...(skipped.length > 1 && { hint: `${skipped.length - 1} more could not be read` }),
  });
}

/** The size of all images, if they have the same. */
function commonSize(splits: readonly Split[]): Size | undefined {
  const sizes = splits.flatMap(({ source }) => (source.kind === 'files' ? (source.sizes ?? []) : [source]));
  const [first] = sizes;
  const alike = sizes.every(({ height, width }) => height === first?.height && width === first.width);
  return first && alike ? { height: first.height, width: first.width } : undefined;
}
