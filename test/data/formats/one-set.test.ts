import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { recipeMaker } from '../../../src/data/batch/image-loader.js';
import { createLoader } from '../../../src/data/batch/open-loader.js';
import type { Dataset } from '../../../src/data/dataset/dataset.js';
import { contentDigests } from '../../../src/data/dataset/digests.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { RANDOM_RESIZED_CROP } from '../../../src/data/image/random-crop.js';
import { tarOf, tgzOf, zipOf } from '../archives/pack.js';
import { png, temporaryFolder, writeTree } from '../helpers.js';
import { parquetOf } from '../parquet/parquet-of.js';

const NAMES = [
  'train/ant/1.png',
  'train/ant/2.png',
  'train/bee/1.png',
  'train/bee/2.png',
  'train/bee/3.png',
  'val/ant/1.png',
  'val/bee/9.png',
];
const PREPROCESSING = {
  height: 8,
  width: 8,
  channels: 3,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.2, 0.2],
  resize: { height: 9, width: 9 },
  decodeMargin: 2,
} as const;
const AUGMENTATION = { randomResizedCrop: RANDOM_RESIZED_CROP, padCrop: 0, flip: true, rotation: 10 };

let files: Record<string, Buffer>;
let inFolder: unknown;
beforeAll(async () => {
  files = {};
  for (const [seed, name] of NAMES.entries()) files[name] = await png(20 + seed, 24, seed);
  const folder = await mkdtemp(join(tmpdir(), 'agon-data-'));
  await writeTree(folder, files);
  inFolder = await essence(await openDataset(folder));
  return () => rm(folder, { recursive: true });
});

const below = (folder: string) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));
const rowsOf = (split: string) =>
  NAMES.filter((name) => name.startsWith(split)).map((name) => ({
    bytes: files[name] as Buffer,
    label: name.includes('bee') ? 0 : 1,
  }));
const parquet = (codec: 'SNAPPY' | 'UNCOMPRESSED') => ({
  'set/data/train-00000-of-00001.parquet': parquetOf(rowsOf('train'), ['bee', 'ant'], codec),
  'set/data/validation-00000-of-00001.parquet': parquetOf(rowsOf('val'), ['bee', 'ant'], codec),
});
const csv = (delimiter = ',') =>
  ['file,class,subset', ...[...NAMES].reverse().map((name) => `${name},${name.split('/')[1]},${name.split('/')[0]}`)]
    .join('\r\n')
    .replaceAll(',', delimiter);
const samples = () =>
  tarOf(
    Object.fromEntries(
      NAMES.filter((name) => name.startsWith('train')).flatMap((name, i) => [
        [`000${i}.cls`, name.split('/')[1] as string],
        [`000${i}.png`, files[name] as Buffer],
      ]),
    ),
  );

/** How each form is written, and what is opened. */
const FORMS: readonly [string, () => Readonly<Record<string, string | Uint8Array>>, string][] = [
  ['a zip file without compression', () => ({ 'set.zip': zipOf(below('photos')) }), 'set.zip'],
  ['a zip file with deflate', () => ({ 'set.zip': zipOf(below('a/b'), true) }), 'set.zip'],
  ['a tar file', () => ({ 'set.tar': tarOf(files) }), 'set.tar'],
  ['a gzipped tar file', () => ({ 'set.tgz': tgzOf(below('./photos')) }), 'set.tgz'],
  ['a CSV file', () => ({ ...files, 'list.csv': `\ufeff${csv()}` }), 'list.csv'],
  ['a CSV file in a zip file', () => ({ 'set.zip': zipOf({ ...below('set'), 'set/list.csv': csv(';') }) }), 'set.zip'],
  ['a TSV file', () => ({ ...files, 'list.tsv': csv('\t') }), 'list.tsv'],
  [
    'JSON lines',
    () => ({
      ...files,
      'list.jsonl': NAMES.map((name) =>
        JSON.stringify({ label: name.split('/')[1], split: name.split('/')[0], path: name }),
      ).join('\n'),
    }),
    'list.jsonl',
  ],
  ['parquet files with compression', () => parquet('SNAPPY'), 'set'],
  ['parquet files without compression', () => parquet('UNCOMPRESSED'), 'set'],
  [
    'tar files of a webdataset',
    () => ({
      'set/train-0000.tar': samples(),
      'set/val-0000.tar': tarOf({
        'a/1.cls': 'ant',
        'a/1.png': files['val/ant/1.png'] as Buffer,
        'b/2.json': '{"label": "bee"}',
        'b/2.png': files['val/bee/9.png'] as Buffer,
      }),
    }),
    'set',
  ],
];

/** What training depends on. */
async function essence({ train, validation, classes, size }: Dataset): Promise<unknown> {
  const recipe = {
    source: train.source,
    preprocessing: PREPROCESSING,
    training: { seed: 3, augmentation: AUGMENTATION },
    cacheBytes: 0,
  };
  const { images } = await recipeMaker(recipe)({ epoch: 1, indices: Uint32Array.of(4, 0, 2, 1, 3) });
  return {
    classes,
    size,
    images: Buffer.from(images.buffer).toString('base64'),
    splits: [train, validation].map(
      (split) => split && { labels: [...split.labels], digests: digestsOf(split.source) },
    ),
  };
}

function digestsOf(source: Dataset['train']['source']): readonly string[] | undefined {
  return source.kind === 'files' ? source.digests : undefined;
}

async function opened(written: Readonly<Record<string, string | Uint8Array>>, name: string): Promise<Dataset> {
  const root = await temporaryFolder();
  await writeTree(root, written);
  return openDataset(join(root, name));
}

describe('the same images', () => {
  it.each(FORMS)('as %s give the batches of a folder', async (_, write, name) => {
    const dataset = await opened(write(), name);
    expect(await essence(dataset)).toEqual(inFolder);
    expect(dataset.skipped).toEqual([]);
  });

  it('have the same names below a folder, an archive and the folder of a table', async () => {
    const folder = contentDigests(await opened(below('folder'), 'folder'));
    expect([...folder.keys()]).toEqual(NAMES);
    for (const [, write, name] of FORMS.slice(0, 8))
      expect(contentDigests(await opened(write(), name))).toEqual(folder);
  });

  it('reach loader threads from an unnamed file', async () => {
    const load = async ({ train }: Dataset) => {
      const loader = createLoader({ split: train, preprocessing: PREPROCESSING, batchSize: 5 });
      const batches: number[][] = [];
      try {
        for await (const { images } of loader.epoch()) batches.push([...images]);
      } finally {
        await loader.close();
      }
      return batches;
    };
    const folder = await load(await opened(below('folder'), 'folder'));
    expect(folder).toHaveLength(1);
    expect(await load(await opened({ 'set.tgz': tgzOf(files) }, 'set.tgz'))).toEqual(folder);
  });
});
