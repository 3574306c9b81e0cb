import { join, relative } from 'node:path';
import { at } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import type { Dataset, ImageFiles, SkippedFile, Split, SplitName } from '../dataset/dataset.js';
import { isImageName } from '../tree/file-names.js';
import type { FileTree } from '../tree/file-tree.js';
import { type ClassFolder, caseHints, looseFiles, readClassFolders, requireImages } from './class-folders.js';
import { findSplitFolders, splitsAmongClasses, unusedFolders } from './split-folders.js';

/**
 * Opens a folder of images with one folder per class; or with one folder per split (train, and val, valid or
 * validation, and test), each of which has one folder per class. Undefined when it has no class folders with images
 * in them. The classes are those of the training split, sorted by name; images in folders inside a class folder
 * belong to the class. Nothing is decoded here: see `checkImages`.
 */
export async function openImageFolder(tree: FileTree, folder: string): Promise<Dataset | undefined> {
  const splits = await findSplitFolders(tree, folder);
  const main = splits.train ?? folder;
  const train = await readClassFolders(tree, main);
  if (!splits.train && train.every(isNoClass)) return undefined;
  for (const each of train) requireImages(each);
  const classes = train.map(({ name }) => name);
  const skipped = [...(splits.train ? await unusedFolders(tree, folder, splits) : [])];
  const roots = [folder, ...Object.values(splits)];
  for (const root of new Set(roots)) skipped.push(...(await looseFiles(tree, root)));
  const parts: Part[] = [{ name: 'train', ...toSplit(tree, train, classes) }];
  for (const name of ['validation', 'test'] as const) {
    const path = splits[name];
    if (path) parts.push({ name, ...toSplit(tree, await readKnownClasses(tree, path, classes), classes) });
  }
  const byName = (wanted: SplitName) => parts.find(({ name }) => name === wanted)?.split;
  const [validation, test] = [byName('validation'), byName('test')];
  const system = [...(await systemNames(tree, new Set(roots))), ...parts.flatMap((part) => part.system)];
  const notes = [...splitsAmongClasses(classes), ...caseHints(classes), ...systemNotes(folder, system)];
  return {
    kind: 'folder',
    name: folder,
    classes,
    channels: 3,
    train: present(byName('train'), 'the training images'),
    ...(validation && { validation }),
    ...(test && { test }),
    skipped: [...skipped, ...parts.flatMap((part) => part.skipped)],
    ...(notes.length > 0 && { notes }),
  };
}

/** A folder without images, of whatever kind. */
function isNoClass({ paths, skipped }: ClassFolder): boolean {
  return paths.length === 0 && !skipped.some(({ path }) => isImageName(path));
}

interface Part {
  readonly name: SplitName;
  readonly split: Split;
  readonly skipped: readonly SkippedFile[];
  readonly system: readonly string[];
}

async function readKnownClasses(tree: FileTree, folder: string, classes: readonly string[]): Promise<ClassFolder[]> {
  const found = await readClassFolders(tree, folder);
  const unknown = found.find(({ name }) => !classes.includes(name));
  if (unknown) {
    const cased = classes.find((name) => name.toLowerCase() === unknown.name.toLowerCase());
    fail(unknown.folder, 'this class is not in the training split', {
      expected: `one of ${classes.slice(0, 20).join(', ')}${classes.length > 20 ? ', ...' : ''}`,
      got: unknown.name,
      hint: cased
        ? `Only its case differs from ${cased}: rename the folder`
        : 'All splits must name their class folders alike',
    });
  }
  if (found.every(({ paths }) => paths.length === 0)) fail(folder, 'there is no image in its class folders');
  return found;
}

/** The images of class folders. */
export function toSplit(
  tree: FileTree,
  folders: readonly ClassFolder[],
  classes: readonly string[],
): Omit<Part, 'name'> {
  const paths = folders.flatMap((folder) => folder.paths);
  const labels = folders.flatMap(({ name, paths }) => paths.map(() => classes.indexOf(name)));
  return {
    split: { length: paths.length, labels: Int32Array.from(labels), source: imageFiles(tree, paths) },
    skipped: folders.flatMap(({ skipped }) => skipped),
    system: folders.flatMap(({ system }) => system),
  };
}

function imageFiles(tree: FileTree, paths: readonly string[]): ImageFiles {
  const stored = paths.flatMap((path) => tree.stored(path) ?? []);
  return { kind: 'files', paths, ...(stored.length > 0 && { stored }) };
}

async function systemNames(tree: FileTree, folders: Iterable<string>): Promise<string[]> {
  const names: string[] = [];
  for (const folder of folders) names.push(...(await tree.readFolder(folder)).system.map((name) => join(folder, name)));
  return names;
}

function systemNotes(folder: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const others = paths.length > 1 ? ` and ${paths.length - 1} more like it` : '';
  return [`${relative(folder, at(paths, 0))}${others}: made by a system or a storage device, not read`];
}
