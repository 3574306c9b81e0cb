import { join } from 'node:path';
import { fail } from '../../util/error.js';
import type { SkippedFile } from '../dataset/dataset.js';
import { isImageName } from '../tree/file-names.js';
import type { FileTree } from '../tree/file-tree.js';
import { type FoundImages, findImages } from './image-files.js';
import { requireNoSplits } from './split-folders.js';

/** A class and its images. Folders whose names differ only in how Unicode spells them are one class. */
export interface ClassFolder {
  /** In Unicode's composed form (NFC). */
  readonly name: string;
  /** The first of its folders. */
  readonly folder: string;
  readonly paths: readonly string[];
  readonly skipped: readonly SkippedFile[];
  readonly system: readonly string[];
}

/** One spelling for names that look the same: macOS writes é as e and an accent. */
export function className(folderName: string): string {
  return folderName.normalize('NFC');
}

/** The class folders in a folder, sorted by name. */
export async function readClassFolders(tree: FileTree, folder: string): Promise<ClassFolder[]> {
  const { folders } = await tree.readFolder(folder);
  const classes = new Map<string, ClassFolder>();
  for (const name of folders) {
    const path = join(folder, name);
    const images = await findImages(tree, path);
    requireNoSplits(path, images.folders);
    const [key, own] = [className(name), { name: className(name), folder: path, ...images }];
    const other = classes.get(key);
    classes.set(key, other ? { ...other, ...joined(other, images) } : own);
  }
  return [...classes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function joined(a: ClassFolder, b: FoundImages): Pick<ClassFolder, 'paths' | 'skipped' | 'system'> {
  return {
    paths: [...a.paths, ...b.paths].sort(),
    skipped: [...a.skipped, ...b.skipped],
    system: [...a.system, ...b.system],
  };
}

/** Fails for a class without images, with what there is in its place. */
export function requireImages({ folder, paths, skipped }: ClassFolder): void {
  if (paths.length > 0) return;
  fail(folder, 'there is no image in this class folder', {
    got: skipped.length > 0 ? describeFiles(skipped) : 'nothing',
    hint: 'Put images in it, or take the folder away',
  });
}

/** `4 files, all .heic (HEIC, as iPhones write it: convert it to JPEG)`. */
function describeFiles(skipped: readonly SkippedFile[]): string {
  const endings = new Set(
    skipped.map(({ path }) => /\.[^./\\]+$/.exec(path)?.[0].toLowerCase() ?? 'without an ending'),
  );
  const count = `${skipped.length} file${skipped.length === 1 ? '' : 's'}`;
  const names = endings.size === 1 ? `${skipped.length > 1 ? 'all ' : ''}${[...endings][0]}` : [...endings].join(' ');
  const reasons = [...new Set(skipped.map(({ reason }) => reason))];
  return `${count}, ${names} (${reasons.slice(0, 3).join('; ')}${reasons.length > 3 ? '; ...' : ''})`;
}

/** Hints for classes whose names differ in case only. */
export function caseHints(names: readonly string[]): string[] {
  const alike = new Map<string, string[]>();
  for (const name of names) alike.set(name.toLowerCase(), [...(alike.get(name.toLowerCase()) ?? []), name]);
  return [...alike.values()]
    .filter((group) => group.length > 1)
    .map(
      (group) =>
        `${group.join(' and ')} are ${group.length} classes, though only the case of their names differs: if they are one, give the folders one name`,
    );
}

/** What is in a folder of class folders and belongs to none of them. */
export async function looseFiles(tree: FileTree, folder: string): Promise<SkippedFile[]> {
  const { files, odd } = await tree.readFolder(folder);
  return [
    ...files.filter(isImageName).map((name) => ({ path: join(folder, name), reason: 'it is in no class folder' })),
    ...odd.map(({ name, reason }) => ({ path: join(folder, name), reason })),
  ];
}
