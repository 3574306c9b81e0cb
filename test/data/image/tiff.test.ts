import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/image/decode.js';
import { shared } from '../helpers.js';
import { type TestTiff, tiff } from './tiff.js';

const SIDE = 4;
/** From 0 to 1, for 16 pixels of so many channels. */
const ramp = (channels: number) => Array.from({ length: SIDE * SIDE * channels }, (_, i) => i / (16 * channels - 1));
const made = (samples: NodeJS.ArrayBufferView, options: Omit<TestTiff, 'side'>) =>
  tiff(samples, { side: SIDE, ...options });

describe('samples of a TIFF whose scale is known', () => {
  const bytes = Uint8Array.from(ramp(1), (x) => Math.round(255 * x));
  const shown = [...bytes].flatMap((x) => [x, x, x]);

  it('are read: 8 bits, and 16 divided by 257', async () => {
    const words = Uint16Array.from(bytes, (x) => 257 * x);
    expect([...(await decodeImage(made(bytes, { bits: 8 }))).data]).toEqual(shown);
    expect([...(await decodeImage(made(words, { bits: 16 }))).data]).toEqual(shown);
    expect([...(await decodeImage(made(words, { bits: 16, format: 0 }))).data]).toEqual(shown);
    const inverted = [...bytes].flatMap((x) => [255 - x, 255 - x, 255 - x]);
    expect([...(await decodeImage(made(bytes, { bits: 8, photometric: 0 }))).data]).toEqual(inverted);
  });

  it('are read: 1 and 4 bits', async () => {
    const one = await decodeImage(made(Uint8Array.of(0xa0, 0x50, 0xa0, 0x50), { bits: 1 }));
    expect([...one.data].filter((_, i) => i % 3 === 0).slice(0, 8)).toEqual([255, 0, 255, 0, 0, 255, 0, 255]);
    const four = await decodeImage(made(Uint8Array.of(0x0f, 0xf0, 0, 0, 0, 0, 0, 0), { bits: 4 }));
    expect([...four.data].filter((_, i) => i % 3 === 0).slice(0, 4)).toEqual([0, 255, 255, 0]);
  });
});

describe('samples of a TIFF whose scale is not known', () => {
  it.each([
    ['32-bit float', 'from 0 to 1', Float32Array.from(ramp(1)), { bits: 32, format: 3 }],
    ['32-bit float', 'from -1 to 1', Float32Array.from(ramp(1), (x) => 2 * x - 1), { bits: 32, format: 3 }],
    ['32-bit float', 'from 0 to 65535', Float32Array.from(ramp(1), (x) => 65535 * x), { bits: 32, format: 3 }],
    ['32-bit float', 'of RGB', Float32Array.from(ramp(3)), { bits: 32, format: 3, channels: 3, photometric: 2 }],
    ['64-bit float', 'from 0 to 1', Float64Array.from(ramp(1)), { bits: 64, format: 3 }],
    ['16-bit float', 'from 0 to 1', Uint16Array.from(ramp(1), (x) => 15360 * x), { bits: 16, format: 3 }],
    ['8-bit signed', 'whole', Int8Array.from(ramp(1), (x) => 255 * x - 128), { bits: 8, format: 2 }],
    ['16-bit signed', 'of heights', Int16Array.from(ramp(1), (x) => 6000 * x - 3000), { bits: 16, format: 2 }],
    ['32-bit signed', 'of counts', Int32Array.from(ramp(1), (x) => 1000 * x), { bits: 32, format: 2 }],
    ['32-bit unsigned', 'of counts', Uint32Array.from(ramp(1), (x) => 4e9 * x), { bits: 32 }],
    ['12-bit unsigned', 'packed', new Uint8Array(24), { bits: 12 }],
    ['64-bit complex', 'of radar', Float32Array.from(ramp(2)), { bits: 64, format: 6 }],
    ['32-bit complex', 'of radar', Int16Array.from(ramp(2)), { bits: 32, format: 5 }],
  ])('%s, %s', async (kind, _, samples, options) => {
    await expect(decodeImage(made(samples, options))).rejects.toThrow(
      `can't be read: its samples are ${kind}, and nothing says which values are black and white: save it with 8 or 16 bits, unsigned, at one scale for all images`,
    );
  });

  it.each(['unit.tif', 'ndvi.tif'])('%s', async (name) => {
    const { path, absent } = shared(`cases/pictures/${name}`);
    if (!absent) await expect(decodeImage(path)).rejects.toThrow(/samples are 32-bit float/);
  });
});

describe('channels of a TIFF', () => {
  const five = { bits: 8, channels: 5, extra: [0, 0, 0, 0] };
  const near = (extra: readonly number[]) => ({ bits: 8, channels: 4, photometric: 2, extra });
  /** Red, with a fourth channel of 0. */
  const red = Uint8Array.from({ length: 64 }, (_, i) => (i % 4 === 0 ? 200 : 0));

  it('beside red, green and blue are left out, unless they are said to be transparency', async () => {
    expect([...(await decodeImage(made(red, near([0])))).data.subarray(0, 3)]).toEqual([200, 0, 0]);
    expect([...(await decodeImage(made(red, near([2])))).data.subarray(0, 3)]).toEqual([255, 255, 255]);
    expect([...(await decodeImage(made(red, near([2])), 3, { background: null })).data.subarray(0, 3)]).toEqual([
      200, 0, 0,
    ]);
  });

  it('of unknown colours are refused', async () => {
    await expect(decodeImage(made(new Uint8Array(80), five))).rejects.toThrow(
      'it has 5 channels, and nothing says which are red, green and blue: save it as grey or RGB',
    );
  });

  it('of the preview of a raw image are refused', async () => {
    const preview = made(new Uint8Array(48), { bits: 8, channels: 3, photometric: 2, subfile: 1 });
    await expect(decodeImage(preview)).rejects.toThrow('a raw image of a camera, or the preview of one');
  });
});
