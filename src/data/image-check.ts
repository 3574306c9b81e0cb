import { AgonError, fail, messageOf } from '../util/error.js';
import { mapConcurrent } from './concurrency.js';
import { classCounts, type Dataset, type ImageFiles, type Size, type SkippedFile, type Split } from './dataset.js';
import { decodeImage } from './decode.js';
import { digestFile } from './digests.js';
import { selectRows } from './split.js';

/** Decodings under way at a time: the threads that Node.js gives to libvips by default. */
const CONCURRENCY = 4;

interface Checked {
  readonly split: Split;
  readonly skipped: readonly SkippedFile[];
}

/**
 * Decodes every file of a data set once and moves those that can't be read to `skipped`, with the reason. After it
 * the sizes of all images are known, and the number of batches is the same in every run. A class or a split of which
 * no image can be read is an error. `onProgress` gets the number of files decoded so far.
 */
export async function checkImages(dataset: Dataset, onProgress?: (decoded: number) => void): Promise<Dataset> {
  if (dataset.train.source.kind === 'packed') return dataset;
  let decoded = 0;
  const count = () => onProgress?.(++decoded);
  const train = await checkSplit(dataset, dataset.train, count);
  const validation = dataset.validation && (await checkSplit(dataset, dataset.validation, count));
  const test = dataset.test && (await checkSplit(dataset, dataset.test, count));
  checkClasses(dataset, train);
  const parts = [train, ...(validation ? [validation] : []), ...(test ? [test] : [])];
  const size = dataset.size ?? commonSize(parts.map(({ split }) => split));
  return {
    ...dataset,
    ...(size && { size }),
    train: train.split,
    ...(validation && { validation: validation.split }),
    ...(test && { test: test.split }),
    skipped: [...dataset.skipped, ...parts.flatMap(({ skipped }) => skipped)],
  };
}

async function checkSplit(dataset: Dataset, split: Split, count: () => void): Promise<Checked> {
  const paths = pathsOf(split);
  const digests = new Array<string>(paths.length);
  const results = await mapConcurrent(paths, CONCURRENCY, async (path, i) => {
    // Before it is decoded, which then finds it in memory
    digests[i] = (await digestFile(path)) ?? '';
    const result = await sizeOrReason(path);
    count();
    return result;
  });
  const readable = results.flatMap((result, i) => (typeof result === 'string' ? [] : [i]));
  const skipped = results.flatMap((reason, i) =>
    typeof reason === 'string' ? [{ path: paths[i] as string, reason }] : [],
  );
  if (readable.length === 0) failUnreadable(dataset.name, skipped);
  const source: ImageFiles = {
    kind: 'files',
    paths,
    sizes: results.map((r) => (typeof r === 'string' ? NO_SIZE : r)),
    digests,
  };
  return { split: selectRows({ ...split, source }, readable), skipped };
}

function pathsOf({ source }: Split): readonly string[] {
  return source.kind === 'files' ? source.paths : [];
}

const NO_SIZE: Size = { height: 0, width: 0 };

async function sizeOrReason(path: string): Promise<Size | string> {
  try {
    const { height, width } = await decodeImage(path);
    return { height, width };
  } catch (error) {
    if (!(error instanceof AgonError)) throw error;
    return messageOf(error.cause);
  }
}

function checkClasses({ name, classes, train }: Dataset, { split, skipped }: Checked): void {
  const empty = classCounts(split.labels, classes.length).indexOf(0);
  if (empty < 0) return;
  const inClass = new Set(pathsOf(train).filter((_, i) => train.labels[i] === empty));
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
