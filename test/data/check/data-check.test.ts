import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkDataset, type DataCheck, NEAR } from '../../../src/data/check/data-check.js';
import { nearPairs } from '../../../src/data/check/near-hashes.js';
import { hashDistance, type PerceptualHash, perceptualHash } from '../../../src/data/check/perceptual-hash.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { stream } from '../../../src/util/random.js';
import { temporaryFolder, writeTree } from '../helpers.js';

/** A smooth coloured picture of its own for each seed. */
function picture(seed: number, height = 48, width = 64, grey = false): Sharp {
  const random = stream(seed, 'picture');
  const data = Uint8Array.from({ length: 6 * 8 * 3 }, () => random.below(256));
  if (grey) for (let i = 0; i < data.length; i += 3) data.fill(data[i] ?? 0, i, i + 3);
  return sharp(data, { raw: { height: 6, width: 8, channels: 3 } }).resize(width, height, { fit: 'fill' });
}

const png = (seed: number, height?: number, width?: number) => picture(seed, height, width).png().toBuffer();

async function checked(
  files: Readonly<Record<string, Uint8Array>>,
  near = NEAR,
): Promise<DataCheck & { root: string }> {
  const root = await temporaryFolder();
  await writeTree(root, files);
  return { ...(await checkDataset({ near, open: (options) => openDataset(root, options) })), root };
}

/** What was found of a kind: the images of each case, without what comes before the data set. */
function found({ findings, root }: DataCheck & { root: string }, kind: string): string[] {
  const items = findings.find((each) => each.kind === kind)?.items ?? [];
  return items.map(({ what, images }) => {
    const paths = images.map(({ path }) => path.slice(root.length + 1).replaceAll('\\', '/'));
    return paths.length > 0 ? `${paths.join(' ')}: ${what}` : what.replace(`${root}/`, '');
  });
}

/** A sound set of two classes, on which others build. */
async function sound(): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const [i, name] of ['train/a/1', 'train/a/2', 'train/b/1', 'train/b/2', 'val/a/1', 'val/b/1'].entries())
    files[`${name}.png`] = await png(i);
  return files;
}

describe('the check of a data set', () => {
  it('finds nothing where there is nothing', async () => {
    const { findings, splits, classes } = await checked(await sound());
    expect(findings).toEqual([]);
    expect([classes, splits]).toEqual([
      2,
      [
        { name: 'train', images: 4 },
        { name: 'validation', images: 2 },
      ],
    ]);
  });

  it('finds copies of one class and split, in several splits, and of several labels', async () => {
    const files = await sound();
    const found1 = await checked({
      ...files,
      'train/a/9.png': await png(0),
      'val/b/9.png': await png(2),
      'train/b/8.png': await png(1),
    });
    expect(found(found1, 'duplicate')).toEqual(['train/a/1.png train/a/9.png: 2 equal files']);
    expect(found(found1, 'leakage')).toEqual(['train/b/1.png val/b/9.png: 2 equal files']);
    expect(found(found1, 'two-labels')).toEqual(['train/a/2.png train/b/8.png: 2 equal files']);
  });

  it('finds copies that were saved anew, scaled or brightened, and no others', async () => {
    const [jpeg, small, bright] = [
      picture(0).jpeg({ quality: 60 }),
      picture(2, 40, 50).png(),
      picture(4).modulate({ brightness: 1.1 }).png(),
    ];
    const files = {
      ...(await sound()),
      'train/a/9.jpg': await jpeg.toBuffer(),
      'val/b/9.png': await small.toBuffer(),
      'val/a/9.png': await bright.toBuffer(),
    };
    const check = await checked(files);
    const names = [...found(check, 'duplicate'), ...found(check, 'leakage')].map((each) =>
      each.replace(/: 2 that look alike \(\d of 64 bits differ\)$/, ''),
    );
    expect(names.sort()).toEqual([
      'train/a/1.png train/a/9.jpg',
      'train/b/1.png val/b/9.png',
      'val/a/1.png val/a/9.png',
    ]);
    expect(found(await checked(await sound(), 12), 'leakage')).toEqual([]);
  });

  it('finds images that are odd by size, shape, content, colour or name', async () => {
    const flat = await sharp({ create: { width: 50, height: 50, channels: 3, background: 'navy' } })
      .png()
      .toBuffer();
    const check = await checked({
      ...(await sound()),
      'train/a/tiny.png': await png(20, 20, 31),
      'train/a/long.png': await png(21, 40, 180),
      'train/b/flat.png': flat,
      'train/b/grey.jpg': await picture(22, 48, 64, true).jpeg().toBuffer(),
      'train/b/png.jpeg': await png(23),
      'train/b/text.jpg': Buffer.from('hello'),
    });
    expect(found(check, 'tiny')).toEqual(['train/a/tiny.png: 31x20 pixels']);
    expect(found(check, 'elongated')).toEqual(['train/a/long.png: 180x40 pixels']);
    expect(found(check, 'constant')).toEqual(['train/b/flat.png: 50x50 pixels']);
    expect(found(check, 'grey')).toEqual(['train/b/grey.jpg: grey']);
    expect(found(check, 'misnamed')).toEqual(['train/b/png.jpeg: it is PNG']);
    expect(found(check, 'left-out')).toEqual(['train/b/text.jpg: text, not an image']);
  });

  it('finds classes that a split lacks, and small ones', async () => {
    const files = await sound();
    delete (files as Record<string, unknown>)['val/b/1.png'];
    for (let i = 0; i < 5; i++) files[`train/a/more${i}.png`] = await png(30 + i);
    const check = await checked(files);
    expect(found(check, 'missing-class')).toEqual(['b has no image in validation']);
    expect(found(check, 'imbalance')).toEqual(['b has 2 images']);
  });

  it('looks through what can not be trained on', async () => {
    const check = await checked({ 'a/1.png': await png(0), 'a/2.png': await png(0) });
    expect(found(check, 'unfit')).toEqual([expect.stringContaining('of two classes or more')]);
    expect(found(check, 'duplicate')).toEqual(['a/1.png a/2.png: 2 equal files']);
    const nowhere = { near: NEAR, open: (options: object) => openDataset('/no/such/set', options) };
    await expect(checkDataset(nowhere)).rejects.toThrow('there is no such file or folder');
  });

  it('looks at images in memory too', async () => {
    const { name, findings } = await checkDataset({
      near: 0,
      open: (options) => openDataset('builtin', { ...options, builtin: { train: 30, test: 10 } }),
    });
    expect([name, findings.map(({ kind }) => kind)]).toEqual(['builtin', []]);
  });
});

describe('a perceptual hash', () => {
  it('has the frequencies of a plain loop above their median', async () => {
    const image = await picture(3, 32, 32, true).raw().toBuffer();
    const grey = Array.from({ length: 32 * 32 }, (_, i) => image[3 * i] ?? 0);
    const cos = (x: number, u: number) => Math.cos((Math.PI * (2 * x + 1) * u) / 64);
    const frequencies = Array.from({ length: 64 }, (_, i) =>
      grey.reduce(
        (sum, value, at) => sum + value * cos(at % 32, Math.floor(i / 8)) * cos(Math.floor(at / 32), i % 8),
        0,
      ),
    );
    const [a = 0, b = 0] = [...frequencies].sort((x, y) => x - y).slice(31, 33);
    const bits = frequencies.map((value) => value > (a + b) / 2);
    const { low, high } = perceptualHash({ data: image, height: 32, width: 32, channels: 3 });
    const got = Array.from({ length: 64 }, (_, i) => (((i < 32 ? low : high) >>> (i % 32)) & 1) === 1);
    expect(got).toEqual(bits);
    expect(got.filter((bit) => bit)).toHaveLength(32);
  });

  it.each([0, 1, 4, 9])('is paired with all others within %i bits, once', (distance) => {
    const random = stream(1, 'hashes');
    const hashes: PerceptualHash[] = Array.from({ length: 60 }, () => ({
      low: random.below(2 ** 16),
      high: random.below(4) * 2 ** 30,
    }));
    hashes.push(
      ...hashes.slice(0, 20).map(({ low, high }) => ({ low: (low ^ (1 << random.below(31))) >>> 0, high })),
      hashes[3] as PerceptualHash,
    );
    const count = (bits: number) => bits.toString(2).replaceAll('0', '').length;
    const expected = hashes.flatMap((a, first) =>
      hashes.flatMap((b, second) => {
        const bits = count((a.low ^ b.low) >>> 0) + count((a.high ^ b.high) >>> 0);
        expect(hashDistance(a, b)).toBe(bits);
        return first < second && bits <= distance ? [`${first} ${second} ${bits}`] : [];
      }),
    );
    const pairs = [...nearPairs(hashes, distance)].map(
      ({ first, second, distance: bits }) => `${first} ${second} ${bits}`,
    );
    expect(pairs.sort()).toEqual(expected.sort());
  });
});
