import { keysOf } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import type { Dataset, SkippedFile, SplitName } from '../dataset/dataset.js';
import type { FileTree } from '../tree/file-tree.js';
import { type ClassFolder, looseFiles, readClassFolders } from './class-folders.js';
import { toSplit } from './image-folder.js';
import { findSplitFolders } from './split-folders.js';

/**
 * Opens a folder of images that are only measured, with a folder per class or per split: any split may be lacking, class
 * folders may be empty or differ from split to split. The classes are those that have images; images that are in no split
 * are the training split, which is empty where there is none. Undefined when there are no class folders with images.
 */
export async function openMeasuredFolder(tree: FileTree, folder: string): Promise<Dataset | undefined> {
  const splits = await findSplitFolders(tree, folder, true);
  const isSplit = Object.keys(splits).length > 0;
  const roots = isSplit ? splits : { train: folder };
  const found = new Map<SplitName, ClassFolder[]>();
  const loose: SkippedFile[] = [];
  for (const name of keysOf(roots)) {
    const root = present(roots[name], name);
    found.set(name, await readClassFolders(tree, root));
    loose.push(...(await looseFiles(tree, root)));
  }
  const used = [...found.values()].flat().filter(({ paths }) => paths.length > 0);
  if (used.length === 0)
    return isSplit ? fail(folder, 'there is no image in the class folders of its splits') : undefined;
  const classes = [...new Set(used.map(({ name }) => name))].sort();
  const parts = [...found].map(([name, folders]) => ({ name, ...toSplit(tree, folders, classes) }));
  const byName = (wanted: SplitName) => parts.find(({ name, split }) => name === wanted && split.length > 0)?.split;
  const [validation, test] = [byName('validation'), byName('test')];
  return {
    kind: 'folder',
    name: folder,
    classes,
    channels: 3,
    train: byName('train') ?? toSplit(tree, [], classes).split,
    ...(validation && { validation }),
    ...(test && { test }),
    skipped: [...loose, ...parts.flatMap(({ skipped }) => skipped)],
  };
}
