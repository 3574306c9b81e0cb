import { basename, join } from 'node:path';
import { fail } from '../util/error.js';
import type { Dataset, SkippedFile, Split, SplitName } from './dataset.js';
import { findImages, isImageName, readFolder } from './image-files.js';

/** The names that the folder of a split may have, in lower case. */
const SPLIT_FOLDERS: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
};

/**
 * Opens a folder of images with one folder per class; or with one folder per split (train, and val, valid or
 * validation, and test), each of which has one folder per class. Undefined when it has no class folders with images
 * in them. The classes are those of the training split, sorted by name; images in folders inside a class folder
 * belong to the class. Nothing is decoded here: see `checkImages`.
 */
export async function openImageFolder(folder: string): Promise<Dataset | undefined> {
  const splits = await findSplitFolders(folder);
  const train = await readClassFolders(splits.train ?? folder);
  if (!splits.train && train.every(({ paths }) => paths.length === 0)) return undefined;
  for (const { folder, paths } of train) if (paths.length === 0) fail(folder, 'there is no image in this class folder');
  const classes = train.map(({ name }) => name);
  const loose = await looseImages(splits.train ?? folder);
  const parts: Part[] = [{ name: 'train', ...toSplit(train, classes) }];
  for (const name of ['validation', 'test'] as const) {
    const path = splits[name];
    if (!path) continue;
    parts.push({ name, ...toSplit(await readKnownClasses(path, classes), classes) });
    loose.push(...(await looseImages(path)));
  }
  const byName = (wanted: SplitName) => parts.find(({ name }) => name === wanted)?.split;
  const [validation, test] = [byName('validation'), byName('test')];
  return {
    kind: 'folder',
    name: folder,
    classes,
    channels: 3,
    train: byName('train') as Split,
    ...(validation && { validation }),
    ...(test && { test }),
    skipped: [...loose, ...parts.flatMap(({ skipped }) => skipped)],
  };
}

export interface Part {
  readonly name: SplitName;
  readonly split: Split;
  readonly skipped: readonly SkippedFile[];
}

export interface ClassFolder {
  readonly name: string;
  readonly folder: string;
  readonly paths: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/** The folders of the splits. One named like a split counts only when it has folders itself: else it is a class. */
export async function findSplitFolders(folder: string, measuring = false): Promise<Partial<Record<SplitName, string>>> {
  const found: Partial<Record<SplitName, string>> = {};
  for (const name of (await readFolder(folder)).folders) {
    const split = splitNamed(name);
    if (!split || (await readFolder(join(folder, name))).folders.length === 0) continue;
    const other = found[split];
    if (other) fail(folder, `has two folders for the ${split} split: ${basename(other)} and ${name}`);
    found[split] = join(folder, name);
  }
  const without = !measuring && !found.train && (found.validation ?? found.test);
  if (without) fail(folder, `there is a folder ${basename(without)} but no folder train beside it`);
  return found;
}

function splitNamed(folderName: string): SplitName | undefined {
  const names = Object.keys(SPLIT_FOLDERS) as SplitName[];
  return names.find((split) => SPLIT_FOLDERS[split].includes(folderName.toLowerCase()));
}

export async function readClassFolders(folder: string): Promise<ClassFolder[]> {
  const classes: ClassFolder[] = [];
  for (const name of (await readFolder(folder)).folders) {
    const path = join(folder, name);
    const { folders, ...images } = await findImages(path);
    requireNoSplits(path, folders);
    classes.push({ name, folder: path, ...images });
  }
  return classes;
}

/** Refuses a class folder that is a data set itself: its test images would become training images of one class. */
function requireNoSplits(folder: string, folders: readonly string[]): void {
  const splits = folders.filter(splitNamed);
  if (new Set(splits.map(splitNamed)).size < 2) return;
  fail(folder, 'a class folder', {
    expected: 'images',
    got: `the splits ${splits.join(', ')}`,
    hint: 'If this is a data set, name this very folder; in a data set the folders of splits are above those of classes',
  });
}

async function readKnownClasses(folder: string, classes: readonly string[]): Promise<ClassFolder[]> {
  const found = await readClassFolders(folder);
  const unknown = found.find(({ name }) => !classes.includes(name));
  if (unknown) {
    fail(unknown.folder, 'this class is not in the training split', {
      expected: `one of ${classes.slice(0, 20).join(', ')}${classes.length > 20 ? ', ...' : ''}`,
      got: unknown.name,
      hint: 'All splits must name their class folders alike',
    });
  }
  if (found.every(({ paths }) => paths.length === 0)) fail(folder, 'there is no image in its class folders');
  return found;
}

export function toSplit(folders: readonly ClassFolder[], classes: readonly string[]): Omit<Part, 'name'> {
  const paths = folders.flatMap((folder) => folder.paths);
  const labels = folders.flatMap(({ name, paths }) => paths.map(() => classes.indexOf(name)));
  return {
    split: { length: paths.length, labels: Int32Array.from(labels), source: { kind: 'files', paths } },
    skipped: folders.flatMap(({ skipped }) => skipped),
  };
}

/** Images that are in no class folder. */
export async function looseImages(folder: string): Promise<SkippedFile[]> {
  const { files } = await readFolder(folder);
  return files.filter(isImageName).map((name) => ({ path: join(folder, name), reason: 'it is in no class folder' }));
}
