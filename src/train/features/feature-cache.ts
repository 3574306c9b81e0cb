import { createHash } from 'node:crypto';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../util/files/cache-folder.js';
import { makeFolders, removeIfThere } from '../../util/files/files.js';
import { type FeatureRows, readFeatureFile, readFeatureKeys, writeFeatureFile } from './feature-file.js';

/** Bytes of features that are kept on disk, at most: those that were not used for the longest time go first. */
const MOST_BYTES = 2 ** 31;
/** Bytes of features in one file, at most: what is in memory while it is read or written. */
const FILE_BYTES = 2 ** 26;
/** Files of one backbone that are not yet put together into one. */
const MOST_SMALL_FILES = 8;
/** Half a file of a process that was killed is removed when it is so old, in milliseconds: another may be writing it. */
const ABANDONED = 24 * 3600 * 1000;

export interface FeatureCacheOptions {
  /** What the features are of beside the images: backbone, preparation, machine. */
  readonly key: string;
  /** Numbers of one image. */
  readonly length: number;
  readonly folder?: string;
  readonly mostBytes?: number;
}

/**
 * Features of one backbone on disk, by the content of their images: files in a folder of the user's cache that are written whole, never
 * changed, and safe to delete. What is damaged is removed, and made anew; several processes may read and write at a time.
 */
export class FeatureCache {
  readonly #options: Required<FeatureCacheOptions>;

  constructor({ folder = featureFolder(), mostBytes = MOST_BYTES, ...options }: FeatureCacheOptions) {
    this.#options = { folder, mostBytes, ...options };
  }

  /** Which of the wanted features are there. */
  async read(wanted: ReadonlySet<string>): Promise<FeatureRows> {
    const found = new Map<string, Float32Array>();
    for (const path of await this.#files()) {
      const missing = new Set([...wanted].filter((key) => !found.has(key)));
      if (missing.size === 0) break;
      for (const [key, row] of await this.#readFile(path, missing)) found.set(key, row);
    }
    return found;
  }

  async #readFile(path: string, wanted: ReadonlySet<string>): Promise<FeatureRows> {
    try {
      const keys = await readFeatureKeys(path);
      if (!keys?.some((key) => wanted.has(key))) return new Map();
      const rows = await readFeatureFile(path, wanted, this.#options.length);
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return rows;
    } catch {
      await removeIfThere(path).catch(() => undefined);
      return new Map();
    }
  }

  /** Keeps features, and makes room for them. Throws where they can't be written. */
  async write(rows: FeatureRows): Promise<void> {
    const { folder, key, length, mostBytes } = this.#options;
    const bytes = rows.size * length * Float32Array.BYTES_PER_ELEMENT;
    if (rows.size === 0 || bytes > mostBytes) return;
    await makeFolders(folder);
    await this.#makeRoom(mostBytes - bytes);
    const perFile = Math.max(1, Math.floor(FILE_BYTES / (length * Float32Array.BYTES_PER_ELEMENT)));
    const entries = [...rows];
    for (let at = 0; at < entries.length; at += perFile) {
      const part = new Map(entries.slice(at, at + perFile));
      const name = digestOf([...part.keys()].join());
      await writeFeatureFile(join(folder, `${key}-${name}.safetensors`), part, length);
    }
    await this.#join();
  }

  /** Puts many small files together: each run on a growing folder adds one. */
  async #join(): Promise<void> {
    const sizes = await this.#sizesOf(await this.#files());
    const small = sizes.filter(({ size }) => size < FILE_BYTES / MOST_SMALL_FILES);
    if (small.length <= MOST_SMALL_FILES) return;
    const all = new Map<string, Float32Array>();
    for (const { path } of small) {
      const keys = await readFeatureKeys(path);
      for (const [key, row] of await this.#readFile(path, new Set(keys))) all.set(key, row);
    }
    const { folder, key, length } = this.#options;
    const joined = join(folder, `${key}-${digestOf([...all.keys()].join())}.safetensors`);
    await writeFeatureFile(joined, all, length);
    for (const { path } of small) if (path !== joined) await removeIfThere(path);
  }

  /** Removes what was used longest ago until so many bytes are left, and what killed processes left half-written. */
  async #makeRoom(bytes: number): Promise<void> {
    const { folder } = this.#options;
    const all = await this.#sizesOf((await readdir(folder)).map((name) => join(folder, name)));
    const halves = all.filter(({ path, used }) => /\.\d+$/.test(path) && Date.now() - used > ABANDONED);
    for (const { path } of halves) await removeIfThere(path);
    const whole = all.filter(({ path }) => path.endsWith('.safetensors')).sort((a, b) => a.used - b.used);
    let total = whole.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of whole) {
      if (total <= bytes) return;
      await removeIfThere(path);
      total -= size;
    }
  }

  async #files(): Promise<string[]> {
    const { folder, key } = this.#options;
    const names = await readdir(folder).catch(() => []);
    const own = names.filter((name) => name.startsWith(`${key}-`) && name.endsWith('.safetensors'));
    return own.sort().map((name) => join(folder, name));
  }

  async #sizesOf(paths: readonly string[]) {
    const known = await Promise.all(
      paths.map((path) =>
        stat(path).then(
          ({ size, mtimeMs }) => [{ path, size, used: mtimeMs }],
          () => [],
        ),
      ),
    );
    return known.flat();
  }
}

/** Where features are kept. */
function featureFolder(): string {
  return join(cacheFolder(), 'features');
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
