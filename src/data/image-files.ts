import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fail, messageOf } from '../util/error.js';
import type { SkippedFile } from './dataset.js';
import { IMAGE_EXTENSIONS } from './decode.js';

/** What a folder holds, each sorted by name (by UTF-16 code units, on every machine alike). */
export interface FolderContent {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Links that lead nowhere. */
  readonly broken: readonly string[];
}

/** The names in a folder by kind, links followed, hidden ones left out. */
export async function readFolder(folder: string): Promise<FolderContent> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
    fail(folder, `can't be read: ${messageOf(error)}`, { cause: error }),
  );
  const content = { folders: [] as string[], files: [] as string[], broken: [] as string[] };
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const found = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry;
    if (!found) content.broken.push(entry.name);
    else if (found.isDirectory()) content.folders.push(entry.name);
    else if (found.isFile()) content.files.push(entry.name);
  }
  for (const names of Object.values(content)) names.sort();
  return content;
}

/** Whether a file's name ends like one of the image types that are read. */
export function isImageName(name: string): boolean {
  return IMAGE_EXTENSIONS.includes(extname(name).slice(1).toLowerCase());
}

/** What is below a folder. */
export interface FoundImages {
  readonly paths: string[];
  readonly skipped: SkippedFile[];
  /** The names of the folders in it. */
  readonly folders: readonly string[];
}

/** The image files below a folder, at any depth, sorted; other files are listed with the reason. */
export async function findImages(folder: string, depth = 0): Promise<FoundImages> {
  const { folders, files, broken } = await readFolder(folder);
  const at = (name: string) => join(folder, name);
  const paths = files.filter(isImageName).map(at);
  const others = files.filter((name) => !isImageName(name));
  const skipped = [
    ...others.map((name) => ({ path: at(name), reason: `not one of the types read: ${IMAGE_EXTENSIONS.join(', ')}` })),
    ...broken.map((name) => ({ path: at(name), reason: 'a link that leads nowhere' })),
  ];
  if (depth === MOST_NESTED && folders.length > 0) fail(folder, 'is nested too deeply', { hint: LOOP_HINT });
  for (const name of folders) {
    const below = await findImages(at(name), depth + 1);
    paths.push(...below.paths);
    skipped.push(...below.skipped);
  }
  return { paths, skipped, folders };
}

const MOST_NESTED = 16;
const LOOP_HINT = 'A link in it may lead back to a folder above it';
