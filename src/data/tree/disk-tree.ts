import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';
import { type FileKind, kindOf, SNIFFED_BYTES } from '../image/image-type.js';
import { isSystemName } from './file-names.js';
import type { FileTree, FolderContent } from './file-tree.js';

/** The folders and files of the system, links followed. */
export const DISK: FileTree = {
  readFolder,
  kindOf: readKind,
  readFile: (path) => readFile(path).catch((error: unknown) => failUnreadable(path, error)),
  hasFile: (path) =>
    stat(path).then(
      (info) => info.isFile(),
      () => false,
    ),
  stored: () => undefined,
};

async function readFolder(folder: string): Promise<FolderContent> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
    failUnreadable(folder, error),
  );
  const content: Record<'folders' | 'files' | 'system', string[]> = { folders: [], files: [], system: [] };
  const odd: FolderContent['odd'][number][] = [];
  for (const entry of entries.sort(byName)) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    const found = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => undefined) : entry;
    if (isSystemName(name)) content.system.push(name);
    else if (!found) odd.push({ name, reason: 'a link that leads nowhere' });
    else if (found.isDirectory()) content.folders.push(name);
    else if (found.isFile()) content.files.push(name);
    else odd.push({ name, reason: 'it is neither a file nor a folder' });
  }
  return { ...content, odd };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

async function readKind(path: string): Promise<FileKind> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
      return kindOf(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    return { reason: `can't be read: ${messageOf(error)}` };
  }
}
