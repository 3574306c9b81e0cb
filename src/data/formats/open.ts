import { readdir, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fail } from '../../util/error.js';
import { errorCode, failUnreadable } from '../../util/files/files.js';
import type { Task } from '../../util/task.js';
import { checkImages, type SeenImage } from '../check/image-check.js';
import { checkClassNames, readClassNames } from '../dataset/class-names.js';
import { type Dataset, imagesPerClass } from '../dataset/dataset.js';
import type { Reading } from '../labelled/labelled-images.js';
import { openParquet } from '../parquet/open-parquet.js';
import { openTable } from '../tables/open-table.js';
import { DISK } from '../tree/disk-tree.js';
import { isImageName } from '../tree/file-names.js';
import { openArchive } from './archive.js';
import { asMultiLabel, requireTask } from './as-multi-label.js';
import { BUILTIN, type BuiltinOptions, createBuiltin } from './builtin.js';
import { openCifarFile, openCifarFolder } from './cifar.js';
import { fileTypeOf } from './file-type.js';
import { openFolderOfFiles } from './folder-of-files.js';
import { openIdxFolder } from './idx.js';
import { openImageFolder } from './image-folder.js';
import { openMeasuredFolder } from './measured-folder.js';

/** How a data set is opened. */
export interface OpenOptions {
  /** Decode every image file once and leave out those that can't be read (true unless said otherwise). */
  readonly check?: boolean;
  /** Whether the images are only measured: a training split, images of a class, and a second class may be lacking. */
  readonly measuring?: boolean;
  /** Whether each image has one class (the default) or any number of them: in class folders the same picture in several. */
  readonly task?: Task | undefined;
  /** Names for the classes in their order, or a text file that has one on each line. */
  readonly classNames?: readonly string[] | string;
  /** Counts and seed of the built-in data set. */
  readonly builtin?: Partial<BuiltinOptions>;
  /** Gets the number of image files checked so far. */
  readonly onProgress?: (decoded: number) => void;
  /** Gets every image file that can be read while it is checked, in no certain order. */
  readonly onSeen?: (image: SeenImage) => void;
}

/**
 * Opens a data set: `builtin`, or the path of a folder of images, a table of images and labels, an archive, parquet files, a folder or
 * file of CIFAR in binary form, or a folder of IDX files. What a path holds is told by its content. All that makes it unfit for training (nothing in it,
 * fewer than two classes, damaged files) is an error that names the file or folder.
 */
export async function openDataset(spec: string, options: OpenOptions = {}): Promise<Dataset> {
  const opened = spec === BUILTIN ? createBuiltin(options.builtin) : await openPath(spec, options);
  const { task = 'single-label', check = true, measuring, onProgress, onSeen } = options;
  const dataset = await renameClasses(opened, options.classNames);
  requireTask(dataset, task);
  if (!measuring) requireTwoClasses(dataset);
  const checked = check ? await checkImages(dataset, onProgress, measuring, onSeen) : dataset;
  return task === 'multi-label' ? asMultiLabel(checked) : checked;
}

const LOOKED_FOR = [
  'folders of images, one for each class',
  'a table of paths and labels beside the images (labels.csv)',
  'parquet files, or tar files of a webdataset',
  'CIFAR in binary form (data_batch_1.bin or train.bin)',
  'IDX files (train-images-idx3-ubyte)',
].join('; ');
const HINT = `Name a folder that has one of these, or "${BUILTIN}" for the data set that needs no files`;
const NOT_THERE = `Name the path of a data set, or "${BUILTIN}" for the one that needs no files`;

async function openPath(path: string, reading: Reading): Promise<Dataset> {
  const info = await stat(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') return failUnreadable(path, error);
    return fail(path, 'there is no such file or folder', { hint: NOT_THERE });
  });
  return info.isDirectory() ? openFolder(path, reading) : openFile(path, reading);
}

async function openFolder(path: string, reading: Reading): Promise<Dataset> {
  const { measuring } = reading;
  const dataset =
    (await openCifarFolder(path, measuring)) ??
    (await openIdxFolder(path, measuring)) ??
    (await openFolderOfFiles(path, reading)) ??
    (await (measuring ? openMeasuredFolder(DISK, path) : openImageFolder(DISK, path)));
  if (dataset) return dataset;
  const names = (await readdir(path)).filter((name) => !name.startsWith('.'));
  if (names.length === 0) return fail(path, 'the folder is empty', { expected: LOOKED_FOR });
  const got = names.some(isImageName) ? 'images that are in no class folder' : shorten(names.sort());
  return fail(path, 'no data set was found in this folder', { expected: LOOKED_FOR, got, hint: HINT });
}

async function openFile(path: string, reading: Reading): Promise<Dataset> {
  if (extname(path) === '.bin') return openCifarFile(path);
  const type = await fileTypeOf(path);
  if (type === 'parquet') return openParquet(path, [path], reading);
  if (type === 'table') return openTable(DISK, path, reading);
  if (type) return openArchive(path, type, reading);
  return fail(path, 'a file of this kind is not a data set', { expected: FILES, hint: HINT });
}

const FILES =
  'a folder; a table (.csv, .tsv, .jsonl) of paths and labels; an archive (.zip, .tar, .tar.gz); .parquet; or a .bin file of CIFAR';

async function renameClasses(dataset: Dataset, source: OpenOptions['classNames']): Promise<Dataset> {
  if (source === undefined) return dataset;
  const names = typeof source === 'string' ? await readClassNames(source) : source;
  const where = typeof source === 'string' ? source : dataset.name;
  return { ...dataset, classes: checkClassNames(where, names, dataset.classes.length) };
}

function requireTwoClasses({ name, classes, train }: Dataset): void {
  const used = classes.filter((_, c) => (imagesPerClass(train, classes.length)[c] ?? 0) > 0);
  if (used.length >= 2) return;
  fail(name, 'training images', {
    expected: 'of two classes or more',
    got: used.length === 1 ? `of one, ${used[0]}` : 'none',
    hint: 'A classifier needs something to tell apart: add a folder for another class',
  });
}

function shorten(names: readonly string[]): string {
  return names.slice(0, 8).join(', ') + (names.length > 8 ? ', ...' : '');
}
