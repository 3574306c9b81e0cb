import { join } from 'node:path';
import { mapConcurrent } from '../../util/concurrency.js';
import { jsonIn } from '../../util/files/read-json.js';
import { type ArchiveContent, type ArchiveEntry, partsOf } from '../archives/entry.js';
import type { Dataset, SkippedFile, SplitName } from '../dataset/dataset.js';
import { splitNamed } from '../dataset/split-names.js';
import { LARGEST_STORED, readStored } from '../image/stored-image.js';
import { type LabelledImage, labelledDataset, type Reading, sortedByPath } from '../labelled/labelled-images.js';
import { labelsIn } from '../tables/labels.js';
import { isReadName } from '../tree/file-names.js';

/** A tar file of a webdataset. */
export interface Shard {
  readonly path: string;
  readonly content: ArchiveContent;
}

/** An image and the files of its name with other endings. */
interface Sample {
  image?: ArchiveEntry;
  /** A number, or the name of a class. */
  cls?: ArchiveEntry;
  json?: ArchiveEntry;
}

const CONCURRENCY = 16;
/** Files with labels are no longer than this. */
const MOST_LABEL_BYTES = 2 ** 20;
/** Where in a sample's JSON its label is, in this order. */
const LABEL_KEYS = ['label', 'class', 'cls', 'class_name', 'category', 'labels', 'tags'];

/**
 * A data set of shards in which the files of a sample have one name with different endings: an image, and its label in `.cls` or `.json`.
 * Undefined where none has a label. A shard's split is what its name begins with (`train-000000.tar`).
 */
export async function webdataset(
  name: string,
  shards: readonly Shard[],
  reading: Reading = {},
): Promise<Dataset | undefined> {
  const samples = shards.map(({ path, content }) => ({ path, samples: samplesOf(content) }));
  const labelled = samples.some((shard) => [...shard.samples.values()].some(({ image, cls }) => image && cls));
  if (!labelled && !samples.some((shard) => mostHaveJson(shard.samples))) return undefined;
  const images: LabelledImage[] = [];
  const skipped = shards.flatMap(({ path, content }) => leftOut(path, content));
  for (const { path, samples: inShard } of samples) {
    const split = shards.length > 1 ? splitOfShard(path) : undefined;
    const read = await mapConcurrent([...inShard], CONCURRENCY, ([key, sample]) =>
      readSample(path, key, sample, { split, task: reading.task }),
    );
    images.push(...read.flatMap((each) => (each && 'labels' in each ? [each] : [])));
    skipped.push(...read.flatMap((each) => (each && 'reason' in each ? [each] : [])));
  }
  return labelledDataset({ kind: 'webdataset', name, root: name, images: sortedByPath(images), skipped }, reading);
}

/** What is no file of an archive, or of none that can be read. */
function leftOut(shard: string, { entries, skipped }: ArchiveContent): SkippedFile[] {
  const wrong = entries.flatMap(({ name }) => {
    const parts = partsOf(name);
    return 'reason' in parts ? [{ path: `${shard}, ${name}`, reason: parts.reason }] : [];
  });
  return [...skipped.map(({ path, reason }) => ({ path: `${shard}, ${path}`, reason })), ...wrong];
}

/** The split that a shard's name begins with. */
function splitOfShard(path: string): SplitName | undefined {
  return splitNamed(/^[a-z]+/i.exec(path.split(/[/\\]/).at(-1) ?? '')?.[0] ?? '');
}

/** By what comes before the first dot of the file's own name. */
function samplesOf({ entries }: ArchiveContent): Map<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const entry of entries) {
    const parts = partsOf(entry.name);
    const [, key, ending] = 'reason' in parts ? [] : (/^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(parts.join('/')) ?? []);
    if (key === undefined || ending === undefined) continue;
    const sample = samples.get(key) ?? {};
    samples.set(key, sample);
    if (ending === 'cls') sample.cls = entry;
    else if (ending === 'json') sample.json = entry;
    else if (!ending.includes('.') && isReadName(`image.${ending}`)) sample.image = entry;
  }
  return samples;
}

function mostHaveJson(samples: ReadonlyMap<string, Sample>): boolean {
  const images = [...samples.values()].filter(({ image }) => image);
  return images.length > 0 && 2 * images.filter(({ json }) => json).length > images.length;
}

async function readSample(
  shard: string,
  key: string,
  { image, cls, json }: Sample,
  { split, task }: { readonly split: SplitName | undefined } & Pick<Reading, 'task'>,
): Promise<LabelledImage | SkippedFile | undefined> {
  if (!image) return undefined;
  const path = join(shard, image.name);
  if (image.stored.length > LARGEST_STORED) return { path, reason: `it has more than ${LARGEST_STORED / 2 ** 20} MiB` };
  const label = cls ?? json;
  if (!label) return { path, reason: `there is no ${key}.cls or ${key}.json with its label` };
  if ((label.stored.inflated ?? label.stored.length) > MOST_LABEL_BYTES)
    return { path, reason: 'the file of its label is too large' };
  const text = Buffer.from(await readStored(label.stored)).toString('utf8');
  const labels = cls ? labelsIn(text) : labelsOfJson(text);
  return labels.length > 0 || task === 'multi-label'
    ? { path, labels, split, stored: image.stored }
    : { path, reason: `there is no label in ${label.name}` };
}

function labelsOfJson(text: string): string[] {
  const value = jsonIn(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return labelsIn(value);
  const fields = new Map(Object.entries(value));
  const key = LABEL_KEYS.find((each) => fields.has(each));
  return key === undefined ? [] : labelsIn(fields.get(key));
}
