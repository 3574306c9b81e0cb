import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Pixels } from '../../../src/data/dataset/dataset.js';
import { decodeImage, withImage } from '../../../src/data/image/decode.js';
import { DecodeGate } from '../../../src/data/image/decode-gate.js';
import { decodingFor, fitImage, type Preprocessing, preprocessingFor } from '../../../src/data/image/preprocess.js';
import { png, randomPixels, shared, temporaryFolder, writeTree } from '../helpers.js';
import { tiff } from './tiff.js';

type Colour = readonly [red: number, green: number, blue: number];

/** A hidden pixel of some colour, one half hidden, one shown: [1, 3, 4]. */
const cutout = ([r, g, b]: Colour) =>
  sharp(Uint8Array.of(r, g, b, 0, 200, 100, 0, 128, 10, 20, 30, 255), { raw: { height: 1, width: 3, channels: 4 } });
/** 200 * 128 / 255 + 127 and so on, over white. */
const SHOWN = [255, 255, 255, 227, 177, 127, 10, 20, 30];
const BLACK: Colour = [0, 0, 0];
const PINK: Colour = [250, 0, 200];

describe('what is under transparency', () => {
  it.each([
    ['PNG', (colour: Colour) => cutout(colour).png()],
    ['PNG of 16 bits', (colour: Colour) => cutout(colour).toColourspace('rgb16').png()],
    ['WebP', (colour: Colour) => cutout(colour).webp({ lossless: true, exact: true })],
    ['TIFF', (colour: Colour) => cutout(colour).tiff({ compression: 'none' })],
  ])('is not seen in %s', async (_, write) => {
    const [black, pink] = [await write(BLACK).toBuffer(), await write(PINK).toBuffer()];
    expect([...(await decodeImage(black)).data]).toEqual(SHOWN);
    expect([...(await decodeImage(pink)).data]).toEqual(SHOWN);
    const green = { background: [0, 255, 0] };
    expect([...(await decodeImage(pink, 3, green)).data.subarray(0, 3)]).toEqual([0, 255, 0]);
    // As models see it that say nothing of a background.
    const stored = { background: null };
    expect([...(await decodeImage(pink, 3, stored)).data]).toEqual([...PINK, 200, 100, 0, 10, 20, 30]);
  });

  it('is not seen in GIF, palettes, and grey', async () => {
    for (const written of [cutout(PINK).gif(), cutout(PINK).png({ palette: true, colours: 4, dither: 0 })]) {
      expect([...(await decodeImage(await written.toBuffer())).data.subarray(0, 3)]).toEqual([255, 255, 255]);
    }
    const raw = { height: 1, width: 2, channels: 2 } as const;
    for (const space of ['b-w', 'grey16']) {
      const grey = sharp(Uint8Array.of(7, 0, 200, 128), { raw })
        .toColourspace(space)
        .png();
      expect([...(await decodeImage(await grey.toBuffer(), 1)).data]).toEqual([255, 227]);
    }
  });

  it('does not change opaque images', async () => {
    const { data, height, width } = randomPixels(5, 7, 4);
    const opaque = data.map((value, i) => (i % 4 === 3 ? 255 : value));
    const written = await sharp(opaque, { raw: { height, width, channels: 4 } })
      .png()
      .toBuffer();
    const colours = opaque.filter((_, i) => i % 4 !== 3);
    expect([...(await decodeImage(written)).data]).toEqual([...colours]);
  });

  const [black, white] = ['cutout-black.png', 'cutout-white.png'].map((name) => shared(`cases/pictures/${name}`));
  it.skipIf(black?.absent)('makes one image of pictures that look the same', async () => {
    const [a, b] = [await decodeImage(black?.path as string), await decodeImage(white?.path as string)];
    expect(Buffer.compare(a.data, b.data)).toBe(0);
    const { path } = shared('cases/pictures/cutout-flattened-on-white.png');
    expect(Buffer.compare(a.data, (await decodeImage(path)).data)).toBe(0);
  });
});

describe('the reason of an image that is damaged', () => {
  it('is its own, also where many are decoded at once', async () => {
    const folder = await temporaryFolder();
    const { data, height, width } = randomPixels(200, 300, 3);
    const image = sharp(data, { raw: { height, width, channels: 3 } });
    const whole = {
      jpg: await image.clone().jpeg().toBuffer(),
      png: await image.clone().png().toBuffer(),
      webp: await image.clone().webp().toBuffer(),
      tif: await image.clone().tiff({ compression: 'lzw' }).toBuffer(),
      gif: await image.clone().gif().toBuffer(),
    };
    const cut = Object.entries(whole).flatMap(([type, bytes]) =>
      [0.9, 0.5, 0.3, 0.1].map((share) => [`${share}.${type}`, bytes.subarray(0, share * bytes.length)] as const),
    );
    await writeTree(folder, Object.fromEntries(cut));
    const reasonOf = async (name: string) => {
      const read = await decodeImage(join(folder, name)).then(() => 'read', String);
      return read.replace(folder, '');
    };
    const names = cut.map(([name]) => name);
    const alone: string[] = [];
    for (const name of names) alone.push(await reasonOf(name));
    for (let round = 0; round < 3; round++) expect(await Promise.all(names.map(reasonOf))).toEqual(alone);
    expect(alone.filter((reason) => reason === 'read')).toEqual([]);
    expect(alone.filter((reason) => reason.includes('\n') || reason.includes('Unknown error'))).toEqual([]);
  });

  const sample = shared('cases/pictures/cut.jpg');
  it.skipIf(sample.absent)('is told of a truncated JPEG', async () => {
    await expect(decodeImage(sample.path)).rejects.toThrow(/cut\.jpg: can't be read: .*premature end of JPEG image/);
  });

  it('names the limit of pixels', async () => {
    const scan = tiff(new Uint8Array(16), { side: 20_000, bits: 8 });
    await expect(decodeImage(scan)).rejects.toThrow(
      'it has 20,000 x 20,000 = 400,000,000 pixels, and no more than 268,402,689 are read: save it smaller',
    );
  });
});

/** Counts what it lets through. */
class CountingGate extends DecodeGate {
  running = 0;
  most = 0;

  override run<T>(pixels: number, work: () => Promise<T>): Promise<T> {
    return super.run(pixels, async () => {
      this.running += pixels;
      this.most = Math.max(this.most, this.running);
      try {
        return await work();
      } finally {
        this.running -= pixels;
      }
    });
  }
}

describe('decodes at a time', () => {
  it('have so many pixels together', async () => {
    const [bytes, gate] = [await png(40, 50), new CountingGate(4500)];
    await Promise.all(Array.from({ length: 9 }, () => decodeImage(bytes, 3, { gate })));
    expect([gate.most > 2000, gate.most <= 4500, gate.running]).toEqual([true, true, 0]);
  });

  it('are one, where an image has more than all of them', async () => {
    const [large, small, gate] = [await png(40, 50), await png(4, 5), new CountingGate(100)];
    const order: number[] = [];
    const decode = (bytes: Buffer) => withImage(bytes, 3, { gate }, ({ height }) => order.push(height));
    await Promise.all([decode(large), decode(small), decode(large), decode(small)]);
    expect(order.toSorted((a, b) => a - b)).toEqual([4, 4, 40, 40]);
    expect(gate.most).toBe(2000);
  });

  it('wait for one that is to be alone, and it for them', async () => {
    const gate = new DecodeGate(10);
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} ends`);
    };
    await Promise.all([gate.run(3, work('a')), gate.alone(work('b')), gate.run(3, work('c'))]);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    await expect(gate.run(3, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await gate.run(99, async () => 'free again')).toBe('free again');
  });
});

/** A picture with detail of all sizes: [height, width, 3]. */
function detailed(height: number, width: number): Pixels {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const waves = [3, 17, 71, 293].map((n, k) => Math.sin((n * (x + c * y)) / width + k) * Math.cos((n * y) / height));
    return Math.round(127.5 + 30 * waves.reduce((a, b) => a + b, 0));
  });
  return { data, height, width, channels: 3 };
}

describe('a large image', () => {
  const preprocessing = preprocessingFor(
    { channels: 3 },
    { mean: [0, 0, 0], std: [1, 1, 1] },
    { height: 56, width: 56 },
  );
  const { background: _, decodeMargin: __, ...old } = preprocessing;
  const written = (height: number, width: number) =>
    sharp(detailed(height, width).data, { raw: { height, width, channels: 3 } });

  it.each(['jpeg', 'png', 'webp', 'tiff'] as const)(
    'of %s is scaled while it is decoded, with nearly the same result',
    async (type) => {
      const bytes = await written(300, 401).toFormat(type, { quality: 95 }).toBuffer();
      const sizes: Size[] = [];
      const input = (how: Preprocessing) =>
        withImage(bytes, 3, decodingFor(how), (image, stored) => {
          sizes.push({ height: image.height, width: image.width }, stored);
          return fitImage(image, how);
        });
      const [reduced, whole] = [await input(preprocessing), await input(old)];
      // Twice the 64 that it is to cover.
      const stored = { height: 300, width: 401 };
      expect(sizes).toEqual([{ height: 128, width: 171 }, stored, stored, stored]);
      const differences = whole.data.map((value, i) => Math.abs(value - (reduced.data[i] as number)));
      expect(differences.reduce((a, b) => a + b, 0) / differences.length).toBeLessThan(1.5);
    },
  );

  it('stays whole where it covers less than four times what is needed', async () => {
    const bytes = await written(255, 400).jpeg().toBuffer();
    expect(await decodeImage(bytes, 3, decodingFor(preprocessing))).toEqual(await decodeImage(bytes));
  });

  it('is turned before it is scaled', async () => {
    const bytes = await written(300, 400).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodeImage(bytes, 3, decodingFor(preprocessing))).toMatchObject({ height: 170, width: 128 });
  });
});

type Size = Readonly<Record<'height' | 'width', number>>;
