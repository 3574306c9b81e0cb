import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { take } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import { numberedClasses } from '../dataset/class-names.js';
import type { Dataset, Split } from '../dataset/dataset.js';
import { allocateImages, packedSplit } from '../dataset/packed-images.js';
import { selectRows } from '../dataset/split.js';
import { readIdx } from './idx-file.js';

const IMAGES_FILE = /^(.*)(train|t10k|test)-images[-.]idx3-ubyte(\.gz)?$/;

/**
 * Opens a folder of the MNIST family: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and `t10k-...` (or
 * `test-...`) for the test split, each plain or as `.gz`; undefined when it has no such images. The images are grey;
 * the classes are named "0", "1", ... up to the greatest label of the training split.
 */
export async function openIdxFolder(folder: string, measuring = false): Promise<Dataset | undefined> {
  const names = (await readdir(folder)).sort();
  const images = names.filter((name) => IMAGES_FILE.test(name));
  if (images.length === 0) return undefined;
  const isTrain = (name: string) => IMAGES_FILE.exec(name)?.[2] === 'train';
  const [trainName, testName] = [images.find(isTrain), images.find((name) => !isTrain(name))];
  if (!trainName && !measuring) {
    return fail(folder, 'training images are missing', { expected: 'train-images-idx3-ubyte[.gz]' });
  }
  if (!trainName) return onlyTest(folder, await readSplit(folder, present(testName, 'a split'), names));
  const train = await readSplit(folder, trainName, names);
  const classes = train.labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const test = testName && (await readSplit(folder, testName, names, classes));
  return {
    kind: 'idx',
    name: folder,
    classes: numberedClasses(classes),
    channels: 1,
    size: sizeOf(train),
    train,
    ...(test && { test }),
    skipped: [],
  };
}

/** Test images without training images, to be measured. */
function onlyTest(folder: string, test: Split): Dataset {
  const classes = test.labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const train = selectRows(test, []);
  return {
    kind: 'idx',
    name: folder,
    classes: numberedClasses(classes),
    channels: 1,
    size: sizeOf(test),
    train,
    test,
    skipped: [],
  };
}

async function readSplit(folder: string, name: string, names: string[], classes = 256): Promise<Split> {
  const labelsName = labelsOf(name, names) ?? fail(join(folder, name), 'there is no labels file beside it');
  const [imagesPath, labelsPath] = [join(folder, name), join(folder, labelsName)];
  const images = await readIdx(imagesPath, 3);
  const labels = await readIdx(labelsPath, 1);
  const [count, height, width] = take(images.shape, 3);
  if (labels.shape[0] !== count) {
    fail(labelsPath, 'labels', { expected: `${count}, one for each image of ${name}`, got: `${labels.shape[0]}` });
  }
  const record = labels.data.findIndex((label) => label >= classes);
  if (record >= 0) {
    const expected = `0 to ${classes - 1}, the labels of the training split`;
    fail(labelsPath, `label of record ${record}`, { expected, got: `${labels.data[record]}` });
  }
  if (height === 0 || width === 0) {
    fail(imagesPath, 'size of its images', { expected: '1 x 1 pixels or more', got: `${height} x ${width}` });
  }
  if (count === 0) fail(imagesPath, 'there are no images in it');
  const packed = allocateImages(count, { height, width }, 1);
  packed.data.set(images.data);
  return packedSplit(packed, Int32Array.from(labels.data));
}

function labelsOf(images: string, names: readonly string[]): string | undefined {
  const stem = images.replace(/images[-.]idx3-ubyte(\.gz)?$/, 'labels');
  return names.find((name) => name.startsWith(stem) && /^[-.]idx1-ubyte(\.gz)?$/.test(name.slice(stem.length)));
}

function sizeOf({ source }: Split): { height: number; width: number } {
  if (source.kind !== 'packed') throw new Error('internal error: IDX images are packed');
  return { height: source.height, width: source.width };
}
