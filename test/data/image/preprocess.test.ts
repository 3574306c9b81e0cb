import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/image/decode.js';
import { defaultInputSize, fitImage, preprocessingFor, toTensor } from '../../../src/data/image/preprocess.js';
import { randomPixels } from '../helpers.js';

const STATISTICS = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };

describe('preprocessingFor', () => {
  it('takes images of one small size whole', () => {
    const cifar = preprocessingFor({ channels: 3, size: { height: 32, width: 32 } }, STATISTICS);
    expect(cifar).toEqual({
      height: 32,
      width: 32,
      channels: 3,
      ...STATISTICS,
      resize: { height: 32, width: 32 },
      background: [255, 255, 255],
      decodeMargin: 2,
    });
  });

  it('scales photographs to 256 and cuts 224', () => {
    const photographs = preprocessingFor({ channels: 3 }, STATISTICS);
    expect([photographs.height, photographs.resize]).toEqual([224, { height: 256, width: 256 }]);
    expect(defaultInputSize({ size: { height: 480, width: 640 } })).toEqual({ height: 224, width: 224 });
  });
});

describe('toTensor', () => {
  it('normalises to channels, rows, columns', () => {
    const image = randomPixels(4, 5, 3);
    const size = { height: 4, width: 5 };
    const tensor = toTensor(image, preprocessingFor({ channels: 3, size }, STATISTICS, size));
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < 20; i++) {
        const mean = STATISTICS.mean[c] as number;
        const expected = ((image.data[i * 3 + c] as number) / 255 - mean) / (STATISTICS.std[c] as number);
        expect(tensor[c * 20 + i]).toBeCloseTo(expected, 5);
      }
    }
  });

  it('turns colours to grey for a network of grey images', () => {
    const image = randomPixels(2, 2, 3);
    const size = { height: 2, width: 2 };
    const tensor = toTensor(image, preprocessingFor({ channels: 1, size }, { mean: [0], std: [1] }, size));
    const luma = [0, 1, 2, 3].map((i) => {
      const [r, g, b] = [...image.data.subarray(i * 3, i * 3 + 3)] as [number, number, number];
      return 0.299 * r + 0.587 * g + 0.114 * b;
    });
    for (const [i, value] of luma.entries()) expect(Math.abs((tensor[i] as number) * 255 - value)).toBeLessThan(0.6);
  });

  it('covers, then cuts the middle out', () => {
    const fitted = fitImage(
      randomPixels(100, 60, 3),
      preprocessingFor({ channels: 3 }, STATISTICS, { height: 28, width: 28 }),
    );
    expect([fitted.height, fitted.width]).toEqual([28, 28]);
  });
});

describe('decodeImage', () => {
  const [red, green] = [
    [200, 10, 20],
    [10, 200, 20],
  ] as const;
  const twoPixels = sharp(Uint8Array.from([...red, ...green]), { raw: { height: 1, width: 2, channels: 3 } });

  it('applies the EXIF orientation', async () => {
    const turned = await twoPixels.clone().png().withMetadata({ orientation: 6 }).toBuffer();
    const { data, height, width } = await decodeImage(turned);
    expect([height, width, ...data]).toEqual([2, 1, ...red, ...green]);
  });

  it('makes three channels of grey, of 16 bits too', async () => {
    const raw = { height: 1, width: 1, channels: 1 } as const;
    const grey = await sharp(Uint16Array.of(40000), { raw }).toColourspace('grey16').png().toBuffer();
    expect([...(await decodeImage(grey)).data]).toEqual([156, 156, 156]);
    expect([...(await decodeImage(grey, 1)).data]).toEqual([156]);
  });

  it('takes the first frame of an animation', async () => {
    const frames = [randomPixels(4, 4, 3, 1), randomPixels(4, 4, 3, 2)].map(({ data }) =>
      sharp(data, { raw: { height: 4, width: 4, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const gif = await sharp(await Promise.all(frames), { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await decodeImage(gif)).height).toBe(4);
  });

  it('names a file that is not an image', async () => {
    await expect(decodeImage(import.meta.dirname)).rejects.toThrow(
      /image: can't be read: it is a folder, not an image/,
    );
    await expect(decodeImage('/no/such.png')).rejects.toThrow("/no/such.png: can't be read: there is no such file");
    await expect(decodeImage(import.meta.filename)).rejects.toThrow(/preprocess\.test\.ts: can't be read/);
  });
});
