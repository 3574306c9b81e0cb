import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset/dataset.js';
import { summarise } from '../../../src/data/dataset/summary.js';
import { datasetWarnings } from '../../../src/data/dataset/warnings.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { packedDataset, png, temporaryFolder, writeTree } from '../helpers.js';

let image: Buffer;
let other: Buffer;
beforeAll(async () => {
  [image, other] = [await png(), await png(6, 8, 1)];
});

/** Opens a folder of images at the given places. */
async function opened(images: readonly string[], more: Readonly<Record<string, string | Uint8Array>> = {}) {
  const folder = await temporaryFolder();
  await writeTree(folder, { ...Object.fromEntries(images.map((name, i) => [name, i % 2 ? other : image])), ...more });
  const dataset = await openDataset(folder);
  const text = (line: string) => line.replaceAll(`${folder}/`, '');
  const skipped = dataset.skipped.map(({ path, reason }) => `${text(path)}: ${reason}`);
  return { dataset, skipped, notes: (dataset.notes ?? []).map(text), warnings: datasetWarnings(dataset).map(text) };
}

async function refused(images: readonly string[], more: Readonly<Record<string, string | Uint8Array>> = {}) {
  const folder = await temporaryFolder();
  await writeTree(folder, { ...Object.fromEntries(images.map((name) => [name, image])), ...more });
  const error: unknown = await openDataset(folder).then(() => undefined, String);
  return String(error).replaceAll(`${folder}/`, '');
}

const PETS = ['cat/1.png', 'cat/2.png', 'dog/1.png', 'dog/2.png'];
const below = (folder: string, names: readonly string[]) => names.map((name) => `${folder}/${name}`);
const countOf = ({ train }: Dataset) => train.length;
const HEIC = Buffer.concat([Buffer.from('\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf', 'latin1'), Buffer.alloc(200)]);

describe('a folder that is no class', () => {
  it.each(['test', 'Val', 'train', 'holdout', 'validate'])(
    'but is called %s beside classes is warned of',
    async (name) => {
      const { dataset, notes } = await opened([...PETS, `${name}/1.png`]);
      expect(dataset.classes).toHaveLength(3);
      expect(notes).toEqual([expect.stringMatching(`^the folder ${name} is taken for a class, as it has images`)]);
      expect((await opened(['cat/1.png', `${name}/1.png`])).notes).toEqual([]);
    },
  );

  it('is warned of inside a split too', async () => {
    const { notes } = await opened([...below('train', [...PETS, 'test/1.png']), ...below('val', PETS)]);
    expect(notes).toEqual([expect.stringMatching('^the folder test is taken for a class')]);
  });

  it('and no split is said to be unused', async () => {
    const { dataset, skipped } = await opened([
      ...below('train', PETS),
      'test/1.png',
      'holdout/cat/1.png',
      'validate/cat/1.png',
    ]);
    expect([dataset.test, dataset.validation, countOf(dataset)]).toEqual([undefined, undefined, 4]);
    expect(skipped).toEqual([
      'holdout: this folder is not used: beside train only val, valid, validation, test, testing are',
      'test: this folder is not used: it has no class folders, so it is not the test split',
      'validate: this folder is not used: beside train only val, valid, validation, test, testing are',
    ]);
  });

  it.each(['@eaDir', '__MACOSX', '#recycle', '$RECYCLE.BIN', 'lost+found', 'System Volume Information'])(
    'but a system put it there is never data: %s',
    async (name) => {
      const everywhere = [...below('train', PETS), ...below('test', PETS)];
      const system = ['', 'train/', 'train/cat/', 'test/dog/deep/'].map((folder) => `${folder}${name}/x.png`);
      const { dataset, notes, skipped } = await opened([...everywhere, ...system]);
      expect([dataset.classes, countOf(dataset), dataset.test?.length]).toEqual([['cat', 'dog'], 4, 4]);
      expect(skipped).toEqual([]);
      expect(notes).toEqual([`${name} and 3 more like it: made by a system or a storage device, not read`]);
    },
  );

  it('in the root, with images beside it, is named with them', async () => {
    const { skipped } = await opened([...below('train', PETS), 'train/loose.png', 'above.png'], {
      'iphone.heic': HEIC,
    });
    expect(skipped).toEqual([
      'above.png: it is in no class folder',
      'iphone.heic: it is in no class folder',
      'train/loose.png: it is in no class folder',
    ]);
  });
});

describe('files that are no images that are read', () => {
  it('are known by their first bytes, whatever their names', async () => {
    const svg = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    const { skipped } = await opened(PETS, {
      'cat/a.jpg': HEIC,
      'cat/b.heic': HEIC,
      'cat/c.png': svg,
      'cat/d.svg': svg,
      'cat/e.jpg': '<!doctype html><html>Not found',
      'cat/f.png': Buffer.from('\xff\x0a\0\0\0', 'latin1'),
      'cat/g.jp2': Buffer.from('\0\0\0\x0cjP  \r\n\x87\n', 'latin1'),
      'cat/h.png': '',
      'cat/i.dng': await sharp(image).tiff().toBuffer(),
    });
    expect(Object.fromEntries(skipped.map((line) => line.split(/: (.*)/).slice(0, 2)))).toEqual({
      'cat/a.jpg': 'HEIC, as iPhones write it: convert it to JPEG',
      'cat/b.heic': 'HEIC, as iPhones write it: convert it to JPEG',
      'cat/c.png': 'SVG, a drawing without pixels of its own: export it as PNG',
      'cat/d.svg': 'SVG, a drawing without pixels of its own: export it as PNG',
      'cat/e.jpg': 'a web page, not an image: download the image again',
      'cat/f.png': 'JPEG XL: convert it to JPEG or PNG',
      'cat/g.jp2': 'JPEG 2000: convert it to JPEG or PNG',
      'cat/h.png': 'the file is empty',
      'cat/i.dng': 'a raw image of a camera: convert it to JPEG or PNG',
    });
  });

  it('and images under other names are read', async () => {
    const [jpeg, webp] = [await sharp(image).jpeg().toBuffer(), await sharp(image).webp().toBuffer()];
    const { dataset, skipped } = await opened(PETS, {
      'cat/a.jfif': jpeg,
      'cat/b.jpe': jpeg,
      'cat/c.pjpeg': jpeg,
      'cat/d.jpg': webp,
      'cat/without': jpeg,
      'cat/e.jpg_large': jpeg,
      'cat/f.gif': await sharp(image).avif().toBuffer(),
      'cat/g.jpg': await sharp(image).tiff().toBuffer(),
    });
    expect([countOf(dataset), skipped]).toEqual([12, []]);
  });

  it('are said to be all that a class folder has', async () => {
    const four = Object.fromEntries([1, 2, 3, 4].map((n) => [`cow/${n}.HEIC`, HEIC]));
    expect(await refused(PETS, four)).toBe(
      'AgonError: cow: there is no image in this class folder: got 4 files, all .heic (HEIC, as iPhones write it: convert it to JPEG). Put images in it, or take the folder away',
    );
    const mixed = { 'cow/a.txt': 'x', 'cow/b.heic': HEIC };
    expect(await refused(PETS, mixed)).toContain('got 2 files, .txt .heic (text, not an image; HEIC, as iPhones');
    expect(await refused([], { 'cat/1.heic': HEIC, 'dog/1.heic': HEIC })).toContain(
      'cat: there is no image in this class folder: got 1 file, .heic (HEIC',
    );
    expect(await refused(PETS, { 'cow/1.jpg': HEIC })).toContain('class cow: none of its images can be read');
  });
});

describe('names of classes', () => {
  const [COMPOSED, DECOMPOSED] = ['caf\u00e9', 'cafe\u0301'];

  it('are one in both spellings of Unicode, in one split and across splits', async () => {
    const { dataset, notes } = await opened(['bar/1.png', `${COMPOSED}/1.png`, `${DECOMPOSED}/2.png`]);
    expect([dataset.classes, [...dataset.train.labels], notes]).toEqual([['bar', COMPOSED], [0, 1, 1], []]);
    const split = await opened([
      'train/bar/1.png',
      `train/${DECOMPOSED}/2.png`,
      'test/bar/1.png',
      `test/${COMPOSED}/1.png`,
    ]);
    expect([split.dataset.classes, [...(split.dataset.test?.labels ?? [])]]).toEqual([
      ['bar', COMPOSED],
      [0, 1],
    ]);
  });

  it('that differ in case only are two, with a hint', async () => {
    const { dataset, notes } = await opened(['Cat/1.png', 'cat/1.png', 'dog/1.png']);
    expect(dataset.classes).toEqual(['Cat', 'cat', 'dog']);
    expect(notes).toEqual([expect.stringMatching(/^Cat and cat are 2 classes, though only the case/)]);
    expect(await refused([...below('train', PETS), 'test/Cat/1.png'])).toMatch(
      /test\/Cat: this class is not in the training split: .* Only its case differs from cat: rename the folder/,
    );
  });
});

describe('warnings of a data set', () => {
  const flat = (grey: number) =>
    sharp({ create: { width: 9, height: 9, channels: 3, background: { r: grey, g: grey, b: grey } } })
      .png()
      .toBuffer();

  it('name a split whose images are nearly of one colour', async () => {
    const files = { 'train/cat/1.png': await flat(7), 'train/dog/1.png': await flat(250) };
    const { notes } = await opened(below('test', PETS), files);
    expect(notes).toEqual([expect.stringMatching(/^all train images are nearly of one colour, so there is hardly/)]);
    expect((await opened(PETS, { 'cat/3.png': await flat(1) })).notes).toEqual([]);
    const most = {
      'cat/3.png': await flat(1),
      'cat/4.png': await flat(2),
      'dog/3.png': await flat(3),
      'dog/4.png': await flat(4),
    };
    expect((await opened(PETS, most)).notes).toEqual([expect.stringMatching(/^50 % of the train images/)]);
  });

  it('name it also where images are stored as 0 and 1', async () => {
    const folder = await temporaryFolder();
    const idx = (shape: readonly number[], values: readonly number[]) =>
      Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...values]);
    await mkdir(folder, { recursive: true });
    await writeTree(folder, {
      'train-images-idx3-ubyte': idx(
        [2, 4, 4],
        Array.from({ length: 32 }, (_, i) => i % 2),
      ),
      'train-labels-idx1-ubyte': idx([2], [0, 1]),
    });
    expect((await openDataset(folder)).notes).toEqual([expect.stringMatching(/^all train images are nearly of one/)]);
  });

  it('name classes that validation or test lacks', async () => {
    const { warnings, dataset } = await opened([
      ...below('train', [...PETS, 'cow/1.png']),
      ...below('val', PETS),
      ...below('test', PETS.slice(2)),
    ]);
    expect(warnings).toEqual([
      'the validation split has no image of the class cow, so its accuracy says nothing of it: add some',
      'the test split has no image of the 2 classes cat, cow, so its accuracy says nothing of them: add some',
    ]);
    expect(summarise(dataset).notes).toHaveLength(2);
    expect(datasetWarnings(packedDataset(12))).toEqual([]);
  });

  it('name files that are left out, ten of many', async () => {
    const texts = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [join('cat', `${10 + i}.txt`), 'x']));
    const { warnings } = await opened(PETS, texts);
    expect([warnings.length, warnings[0], warnings[10]]).toEqual([
      11,
      'skipped cat/10.txt: text, not an image',
      'skipped 3 more (see `agon data`)',
    ]);
  });
});
