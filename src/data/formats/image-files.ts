import { open, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fail, messageOf } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';
import type { SkippedFile } from '../dataset/dataset.js';
import { type FileKind, kindOf, SNIFFED_BYTES } from '../image/image-type.js';

/** How the names of image files end that are read. What a file is its first bytes tell; only those of other names are looked at beforehand. */
const IMAGE_EXTENSIONS = new Set('jpg jpeg jpe jfif pjpeg pjp png apng webp gif tif tiff avif bmp dib'.split(' '));
/** How the names of images end that are not read. */
const OTHER_EXTENSIONS = new Set(
  'heic heif hif svg svgz jxl jp2 j2k jpx psd pdf ico cur exr hdr pnm ppm pgm pbm qoi fits dcm dng cr2 cr3 nef arw orf rw2 raf tga'.split(
    ' ',
  ),
);
/** A camera's raw images are TIFFs whose first image is a small preview. */
const RAW_EXTENSIONS = new Set('dng nef nrw arw sr2 srf srw cr2 pef 3fr fff erf iiq kdc dcr mos mef'.split(' '));

/** What systems and storage devices put beside what they hold, in lower case: never data. */
const SYSTEM_NAMES = new Set([
  '@eadir',
  '@recycle',
  '@recently-snapshot',
  '#recycle',
  '#snapshot',
  '__macosx',
  '__pycache__',
  '$recycle.bin',
  'lost+found',
  'system volume information',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
]);

/** What a folder holds, each sorted by name (by UTF-16 code units, on every machine alike). */
export interface FolderContent {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Links that lead nowhere, and what is neither a file nor a folder. */
  readonly odd: readonly { readonly name: string; readonly reason: string }[];
  /** What the system put there: it is not read. */
  readonly system: readonly string[];
}

/** The names in a folder by kind, links followed, hidden ones left out. */
export async function readFolder(folder: string): Promise<FolderContent> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
    failUnreadable(folder, error),
  );
  const content: Record<'folders' | 'files' | 'system', string[]> = { folders: [], files: [], system: [] };
  const odd: FolderContent['odd'][number][] = [];
  for (const entry of entries.sort(byName)) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    const found = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => undefined) : entry;
    if (SYSTEM_NAMES.has(name.toLowerCase())) content.system.push(name);
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

/** Whether a file's name ends like that of an image, read or not. */
export function isImageName(name: string): boolean {
  const extension = extensionOf(name);
  return IMAGE_EXTENSIONS.has(extension) || OTHER_EXTENSIONS.has(extension);
}

function extensionOf(name: string): string {
  return extname(name).slice(1).toLowerCase();
}

/** What is below a folder. */
export interface FoundImages {
  readonly paths: string[];
  readonly skipped: SkippedFile[];
  /** What the system put there, at any depth. */
  readonly system: string[];
  /** The names of the folders in it. */
  readonly folders: readonly string[];
}

/** The image files below a folder, at any depth, sorted; other files are listed with the reason. */
export async function findImages(folder: string, depth = 0): Promise<FoundImages> {
  const { folders, files, odd, system } = await readFolder(folder);
  const at = (name: string) => join(folder, name);
  const paths: string[] = [];
  const skipped: SkippedFile[] = [];
  const found = { paths, skipped, system: system.map(at), folders };
  for (const name of files) {
    const reason = await reasonToSkip(at(name));
    if (reason === undefined) found.paths.push(at(name));
    else found.skipped.push({ path: at(name), reason });
  }
  found.skipped.push(...odd.map(({ name, reason }) => ({ path: at(name), reason })));
  if (depth === MOST_NESTED && folders.length > 0) fail(folder, 'is nested too deeply', { hint: LOOP_HINT });
  for (const name of folders) {
    const below = await findImages(at(name), depth + 1);
    found.paths.push(...below.paths);
    found.skipped.push(...below.skipped);
    found.system.push(...below.system);
  }
  return found;
}

const MOST_NESTED = 16;
const LOOP_HINT = 'A link in it may lead back to a folder above it';

/** Why a file is no image that is read, as far as its name and its first bytes tell; undefined for one that may be. */
async function reasonToSkip(path: string): Promise<string | undefined> {
  const extension = extensionOf(path);
  if (IMAGE_EXTENSIONS.has(extension)) return undefined;
  const kind = await readKind(path);
  if ('reason' in kind) return kind.reason;
  if (!RAW_EXTENSIONS.has(extension)) return undefined;
  return 'a raw image of a camera: convert it to JPEG or PNG';
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
