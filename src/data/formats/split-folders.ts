import { basename, join } from 'node:path';
import { fail } from '../../util/error.js';
import type { SkippedFile, SplitName } from '../dataset/dataset.js';
import { SPLIT_NAMED, splitNamed } from '../dataset/split-names.js';
import type { FileTree } from '../tree/file-tree.js';

/** Names that say that a folder's images are apart from others, whether Agon knows them or not. */
const APART = /^(hold[-_ ]?out|validate|eval(uation)?|dev)$/i;

export type SplitFolders = Readonly<Partial<Record<SplitName, string>>>;

/**
 * The folders of the splits. One named like a split counts only when it has folders itself: else it is a class. Where images are only
 * measured there may be no training split.
 */
export async function findSplitFolders(tree: FileTree, folder: string, measuring = false): Promise<SplitFolders> {
  const found: Partial<Record<SplitName, string>> = {};
  for (const name of (await tree.readFolder(folder)).folders) {
    const split = splitNamed(name);
    if (!split || (await tree.readFolder(join(folder, name))).folders.length === 0) continue;
    const other = found[split];
    if (other) fail(folder, `has two folders for the ${split} split: ${basename(other)} and ${name}`);
    found[split] = join(folder, name);
  }
  const without = !measuring && !found.train && (found.validation ?? found.test);
  if (without) fail(folder, `there is a folder ${basename(without)} but no folder train beside it`);
  return found;
}

/** Whether a folder has folders of splits, or two folders or more that may be classes. */
export async function hasClassFolders(tree: FileTree, folder: string): Promise<boolean> {
  const { folders } = await tree.readFolder(folder);
  if (folders.filter((name) => !splitNamed(name)).length > 1) return true;
  return Object.keys(await findSplitFolders(tree, folder, true)).length > 0;
}

/** Refuses a class folder that is a data set itself: its test images would become training images of one class. */
export function requireNoSplits(folder: string, folders: readonly string[]): void {
  const splits = folders.filter(splitNamed);
  if (new Set(splits.map(splitNamed)).size < 2) return;
  fail(folder, 'a class folder', {
    expected: 'images',
    got: `the splits ${splits.join(', ')}`,
    hint: 'If this is a data set, name this very folder; in a data set the folders of splits are above those of classes',
  });
}

/** The folders beside those of the splits, which nothing reads. */
export async function unusedFolders(tree: FileTree, folder: string, splits: SplitFolders): Promise<SkippedFile[]> {
  const used = Object.values(splits);
  const { folders } = await tree.readFolder(folder);
  return folders
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => !used.includes(path))
    .map(({ name, path }) => ({ path, reason: reasonOf(splitNamed(name)) }));
}

function reasonOf(split: SplitName | undefined): string {
  return split
    ? `this folder is not used: it has no class folders, so it is not the ${split} split`
    : `this folder is not used: beside train only ${others} are`;
}

const others = [...SPLIT_NAMED.validation, ...SPLIT_NAMED.test].join(', ');

/** Warnings for folders that are taken for classes, among others, though their names say that they are splits. */
export function splitsAmongClasses(names: readonly string[]): string[] {
  const isApart = (name: string) => splitNamed(name) !== undefined || APART.test(name);
  const apart = names.filter(isApart);
  if (names.length - apart.length < 2) return [];
  return apart.map(
    (name) =>
      `the folder ${name} is taken for a class, as it has images and no class folders in it: if it is a split, give it the class folders that the others have, beside a folder train`,
  );
}
