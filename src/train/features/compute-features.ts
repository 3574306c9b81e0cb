import type { BatchTask } from '../../data/batch/batch-maker.js';
import { openBatchPool } from '../../data/batch/batch-pool.js';
import { DECODED_PIXELS } from '../../data/image/decode-gate.js';
import type { Preprocessing } from '../../data/image/preprocess.js';
import type { Device } from '../../runtime/device-kind.js';
import { at } from '../../util/checked.js';
import { messageOf } from '../../util/error.js';
import type { Backbone } from './backbone.js';
import { FeatureCache } from './feature-cache.js';
import { isKnown, type Job, jobsOf, type Sheet, type ViewOptions, type Wanted, wantedIn } from './wanted.js';

export interface FeatureOptions extends ViewOptions {
  /** Each once. */
  readonly backbones: readonly Backbone[];
  readonly sheets: readonly Sheet[];
  readonly preprocessing: Preprocessing;
  /** Whether features are kept on disk, and looked for there. */
  readonly onDisk: boolean;
  /** Where, if not in the user's cache. */
  readonly folder?: string | undefined;
  readonly device: Device;
  readonly threads?: number | undefined;
  readonly workers: number;
  /** Called with each batch, with the number of images that are done and of all that are computed; what it throws ends the computation. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** Features of all sheets. */
export interface Features {
  /** By backbone and sheet: [images, length]. */
  readonly tables: readonly (readonly Float32Array[])[];
  /** How many images were sent through the backbones (each view by itself), and how many were found on disk. */
  readonly computed: number;
  readonly found: number;
  /** Why those that were computed aren't on disk, if they should be. */
  readonly problem?: string;
}

/** Images of a batch: larger ones take memory and no less time. */
const BATCH = 8;
/** Batches that are made ahead. */
const AHEAD = 3;

/** The features of images by frozen backbones: those on disk, and the others computed, each image decoded once for all backbones. */
export async function computeFeatures(options: FeatureOptions): Promise<Features> {
  const { backbones, sheets, preprocessing, device, onDisk, folder } = options;
  const wanted = wantedIn(sheets, options);
  const tables = backbones.map(({ length }) => sheets.map(({ split }) => new Float32Array(split.length * length)));
  const place = (b: number, { places }: Wanted, row: Float32Array) => {
    for (const [s, i] of places) at(at(tables, b), s).set(row, i * row.length);
  };
  const caches = backbones.map((backbone) => {
    const key = backbone.keyFor(preprocessing, device);
    return new FeatureCache({ key, length: backbone.length, ...(folder !== undefined && { folder }) });
  });
  const keys = new Set(wanted.filter(isKnown).map(({ key }) => key));
  const missing = new Set<Wanted>();
  for (const [b, cache] of caches.entries()) {
    const rows = onDisk ? await cache.read(keys) : new Map<string, Float32Array>();
    for (const each of wanted) {
      const row = rows.get(each.key);
      if (row) place(b, each, row);
      else missing.add(each);
    }
  }
  const keeping = new Keeping(onDisk ? caches : []);
  try {
    await computeMissing(options, [...missing], async (b, each, row) => {
      place(b, each, row);
      if (isKnown(each)) await keeping.add(b, each.key, row);
    });
  } finally {
    // Also what there is where the run is stopped
    await keeping.flush();
  }
  const { problem } = keeping;
  const counts = { computed: missing.size, found: wanted.length - missing.size };
  return { tables, ...counts, ...(problem !== undefined && { problem }) };
}

/** Bytes of features that are gathered before they are written. */
const GATHERED = 2 ** 26;

/** Features on their way to the disk. What can't be written costs the next run its time, no more. */
class Keeping {
  #rows: Map<string, Float32Array>[];
  #bytes = 0;
  problem: string | undefined;

  constructor(private readonly caches: readonly FeatureCache[]) {
    this.#rows = caches.map(() => new Map());
  }

  async add(backbone: number, key: string, row: Float32Array): Promise<void> {
    this.#rows[backbone]?.set(key, row);
    this.#bytes += row.byteLength;
    if (this.#bytes >= GATHERED) await this.flush();
  }

  async flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = this.caches.map(() => new Map());
    this.#bytes = 0;
    try {
      for (const [b, cache] of this.caches.entries()) await cache.write(at(rows, b));
    } catch (error) {
      this.problem ??= messageOf(error);
    }
  }
}

type Take = (backbone: number, wanted: Wanted, row: Float32Array) => Promise<void>;

async function computeMissing(options: FeatureOptions, missing: readonly Wanted[], take: Take): Promise<void> {
  const { backbones, device, threads, onProgress = () => {} } = options;
  if (missing.length === 0) return;
  let done = 0;
  onProgress(0, missing.length);
  try {
    for (const backbone of backbones) await backbone.open(device, threads);
    for (const job of jobsOf(missing)) {
      for await (const { wanted, images } of batchesOf(job, options)) {
        for (const [b, backbone] of backbones.entries()) {
          const features = await backbone.features(images, options.preprocessing);
          const { length } = backbone;
          for (const [i, each] of wanted.entries()) await take(b, each, features.slice(i * length, (i + 1) * length));
        }
        done += wanted.length;
        onProgress(done, missing.length);
      }
    }
  } finally {
    for (const backbone of backbones) await backbone.close();
  }
}

interface MadeImages {
  readonly wanted: readonly Wanted[];
  /** Normalised, [n, channels, height, width]. */
  readonly images: Float32Array;
}

/** The images of a job in its order, made in threads ahead of their use. */
async function* batchesOf({ source, augmented, wanted }: Job, options: FeatureOptions): AsyncGenerator<MadeImages> {
  const { preprocessing, seed, augmentation, workers } = options;
  const training = augmented ? { training: { seed, augmentation } } : {};
  const recipe = { source, preprocessing, ...training, cacheBytes: 0, decodedPixels: DECODED_PIXELS / workers };
  const pool = openBatchPool(recipe, workers);
  const begun: Promise<MadeImages>[] = [];
  try {
    for (const task of tasksOf(wanted)) {
      const made = pool.make(task).then(({ images }) => ({ wanted: takenBy(task, wanted), images }));
      made.catch(() => undefined);
      begun.push(made);
      if (begun.length > AHEAD * workers) yield await at(begun.splice(0, 1), 0);
    }
    for (const made of begun) yield await made;
  } finally {
    await pool.close();
  }
}

/** Batches of images in the same view. */
function* tasksOf(wanted: readonly Wanted[]): Generator<BatchTask> {
  for (let from = 0; from < wanted.length; ) {
    const { view } = at(wanted, from);
    let end = from + 1;
    while (end < wanted.length && end - from < BATCH && at(wanted, end).view === view) end++;
    const indices = Uint32Array.from({ length: end - from }, (_, i) => from + i);
    yield { epoch: view, indices, names: wanted.slice(from, end).map(({ image }) => image) };
    from = end;
  }
}

function takenBy({ indices }: BatchTask, wanted: readonly Wanted[]): Wanted[] {
  return Array.from(indices, (i) => at(wanted, i));
}
