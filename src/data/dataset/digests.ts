import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ContentDigests, contentText, DIGITS } from './content.js';
import { type Dataset, type ImageFiles, type PackedImages, type Split, splitsOf } from './dataset.js';
import { pixelsAt } from './packed-images.js';

/** Bytes up to which a file is read at once, which is several times as fast as in pieces. */
const SMALL = 2 ** 24;
/** Images of a packed split that share a digest. */
const BLOCK = 1000;

/** A digest of a file's bytes; undefined where it can't be read. */
export async function digestFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    const { size } = await stat(path);
    if (size <= SMALL) return digestBytes(await readFile(path));
    await pipeline(createReadStream(path), hash);
    return digestOf(hash);
  } catch {
    return undefined;
  }
}

/** A digest of the bytes of a file. */
export function digestBytes(bytes: Uint8Array): string {
  return digestOf(createHash('sha256').update(bytes));
}

/** The digests of all splits. Files have theirs from when they were checked. */
export function contentDigests(dataset: Dataset): ContentDigests {
  const entries = splitsOf(dataset).flatMap(({ name, split }) => {
    const { source } = split;
    return source.kind === 'files'
      ? fileDigests(source, dataset.root ?? dataset.name)
      : blockEntries(source, split, name);
  });
  return new Map(entries);
}

/** One digest of all parts, in their order. */
export function digestContent(parts: ContentDigests): string {
  return digestOf(createHash('sha256').update(contentText(parts)));
}

/** The digest of each file by its path in a folder. Files have theirs from when they were checked. */
export function fileDigests({ paths, digests = [] }: ImageFiles, folder: string): [string, string][] {
  return paths.map((path, i) => [relative(folder, path).split(sep).join('/'), digests[i] ?? '']);
}

/** `train images 0 to 999`: pixels and labels. */
function blockEntries(source: PackedImages, { length, labels, targets }: Split, name: string): [string, string][] {
  return Array.from({ length: Math.ceil(length / BLOCK) }, (_, block) => {
    const [first, end] = [block * BLOCK, Math.min(length, (block + 1) * BLOCK)];
    const hash = createHash('sha256').update(labels.slice(first, end));
    const width = targets ? targets.length / length : 0;
    if (targets) hash.update(targets.subarray(first * width, end * width));
    for (let i = first; i < end; i++) hash.update(pixelsAt(source, i).data);
    return [`${name} images ${first} to ${end - 1}`, digestOf(hash)];
  });
}

function digestOf(hash: Hash): string {
  return hash.digest('hex').slice(0, DIGITS);
}
