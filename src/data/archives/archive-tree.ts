import { join } from 'node:path';
import { fail, present } from '../../util/error.js';
import type { SkippedFile, StoredImage } from '../dataset/dataset.js';
import { kindOf, SNIFFED_BYTES } from '../image/image-type.js';
import { LARGEST_STORED, readStored, readStoredStart } from '../image/stored-image.js';
import { isSystemName } from '../tree/file-names.js';
import type { FileTree, FolderContent } from '../tree/file-tree.js';
import { type ArchiveContent, type ArchiveEntry, partsOf } from './entry.js';

/** The tree of an archive, and what can't be read of it. */
export interface ArchiveTree {
  readonly tree: FileTree;
  readonly skipped: readonly SkippedFile[];
}

interface Folder {
  readonly folders: Set<string>;
  readonly files: Set<string>;
}

/** The files of an archive as a tree, in which the paths begin with that of the archive. Of entries with one name the last counts. */
export function archiveTree(root: string, { entries, skipped }: ArchiveContent): ArchiveTree {
  const leftOut = skipped.map(({ path, reason }) => ({ path: join(root, safe(path)), reason }));
  const files = new Map<string, StoredImage>();
  const folders = new Map<string, Folder>([[root, emptyFolder()]]);
  for (const entry of entries) {
    const parts = partsOf(entry.name);
    const reason = 'reason' in parts ? parts.reason : reasonOf(entry);
    if (reason !== undefined || 'reason' in parts) {
      leftOut.push({ path: join(root, safe(entry.name)), reason: reason ?? '' });
      continue;
    }
    const path = join(root, ...parts);
    if (files.has(path)) leftOut.push({ path, reason: 'a later entry of the archive has the same name' });
    files.set(path, entry.stored);
    place(folders, root, parts);
  }
  return { tree: treeOf(folders, files), skipped: leftOut };
}

function reasonOf({ stored }: ArchiveEntry): string | undefined {
  if ((stored.inflated ?? stored.length) <= LARGEST_STORED) return undefined;
  return `it has more than ${LARGEST_STORED / 2 ** 20} MiB`;
}

/** A name that can be shown after the archive's without leading out of it. */
function safe(name: string): string {
  return name
    .split(/[/\\]/)
    .filter(Boolean)
    .map((part) => (part === '..' ? '(..)' : part))
    .join('/');
}

function emptyFolder(): Folder {
  return { folders: new Set(), files: new Set() };
}

/** Enters a file in its folder, and that in those above it. */
function place(folders: Map<string, Folder>, root: string, parts: readonly string[]): void {
  let path = root;
  for (const [i, part] of parts.entries()) {
    const folder = folders.get(path) ?? emptyFolder();
    folders.set(path, folder);
    (i === parts.length - 1 ? folder.files : folder.folders).add(part);
    path = join(path, part);
  }
}

function treeOf(folders: ReadonlyMap<string, Folder>, files: ReadonlyMap<string, StoredImage>): FileTree {
  const contents = new Map<string, FolderContent>();
  return {
    async readFolder(folder) {
      const content = contents.get(folder) ?? contentOf(folders.get(folder) ?? emptyFolder());
      contents.set(folder, content);
      return content;
    },
    kindOf: async (path) => kindOf(await readStoredStart(present(files.get(path), path), SNIFFED_BYTES)),
    readFile: async (path) => readStored(files.get(path) ?? fail(path, 'there is no such file in the archive')),
    hasFile: async (path) => files.has(path),
    stored: (path) => files.get(path),
  };
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function contentOf({ folders, files }: Folder): FolderContent {
  const seen = (names: Iterable<string>) => [...names].filter((name) => !name.startsWith('.')).sort(byCodeUnits);
  const ours = (names: Iterable<string>) => seen(names).filter((name) => !isSystemName(name));
  return {
    folders: ours(folders),
    files: ours(files),
    odd: [],
    system: seen([...folders, ...files]).filter(isSystemName),
  };
}
