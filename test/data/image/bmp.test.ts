import { describe, expect, it } from 'vitest';
import { decodeBmp } from '../../../src/data/image/bmp.js';
import { decodeImage } from '../../../src/data/image/decode.js';
import { AgonError } from '../../../src/util/error.js';
import { stream } from '../../../src/util/random.js';
import { shared } from '../helpers.js';

const u16 = (n: number) => [n & 255, (n >> 8) & 255];
const u32 = (n: number) => [...u16(n & 0xffff), ...u16(n >>> 16)];

interface Bitmap {
  readonly width: number;
  /** Below zero: top-down. */
  readonly height: number;
  readonly bits: number;
  readonly pixels: readonly number[];
  readonly header?: 12 | 40 | 56 | 64 | 108;
  readonly compression?: number;
  /** Blue, green, red of each colour. */
  readonly palette?: readonly (readonly [number, number, number])[];
  readonly masks?: readonly number[];
}

/** The bytes of a bitmap: file header, header, masks beside a header of 40 bytes, palette, pixels. */
function bmp({
  width,
  height,
  bits,
  pixels,
  header = 40,
  compression = 0,
  palette = [],
  masks = [],
}: Bitmap): Uint8Array {
  const short = [...u16(width), ...u16(height), ...u16(1), ...u16(bits)];
  const long = [...u32(width), ...u32(height), ...u16(1), ...u16(bits), ...u32(compression), ...u32(0)];
  const inside = [...long, ...u32(0), ...u32(0), ...u32(palette.length), ...u32(0)];
  const masked = masks.flatMap(u32);
  const rest =
    header === 40 ? masked : [...masked, ...new Array<number>(Math.max(0, header - 40 - masked.length)).fill(0)];
  const dib = header === 12 ? [...u32(12), ...short] : [...u32(header), ...inside, ...rest];
  const colours = palette.flatMap((colour) => (header === 12 ? colour : [...colour, 0]));
  const start = 14 + dib.length + colours.length;
  return Uint8Array.from([
    66,
    77,
    ...u32(start + pixels.length),
    0,
    0,
    0,
    0,
    ...u32(start),
    ...dib,
    ...colours,
    ...pixels,
  ]);
}

const [RED, GREEN, BLUE, WHITE] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
] as const;
/** As palettes have them. */
const PALETTE = [
  [0, 0, 255],
  [0, 255, 0],
  [255, 0, 0],
  [255, 255, 255],
] as const;
/** Of every variant: red and green above, blue and white below. */
const SHOWN = [...RED, ...GREEN, ...BLUE, ...WHITE];
const [MASK_565, MASK_8888] = [
  [0xf800, 0x7e0, 0x1f],
  [0xff0000, 0xff00, 0xff, 0xff000000],
];

const VARIANTS: Readonly<Record<string, Bitmap>> = {
  '1 bit': { width: 2, height: 2, bits: 1, palette: PALETTE.slice(0, 2), pixels: [0x80, 0, 0, 0, 0x40, 0, 0, 0] },
  '2 bits': { width: 2, height: 2, bits: 2, palette: PALETTE, pixels: [0xb0, 0, 0, 0, 0x10, 0, 0, 0] },
  '4 bits': { width: 2, height: 2, bits: 4, palette: PALETTE, pixels: [0x23, 0, 0, 0, 0x01, 0, 0, 0] },
  '8 bits': { width: 2, height: 2, bits: 8, palette: PALETTE, pixels: [2, 3, 0, 0, 0, 1, 0, 0] },
  '8 bits of OS/2': { width: 2, height: 2, bits: 8, header: 12, palette: PALETTE, pixels: [2, 3, 0, 0, 0, 1, 0, 0] },
  '8 bits of OS/2 2': { width: 2, height: 2, bits: 8, header: 64, palette: PALETTE, pixels: [2, 3, 0, 0, 0, 1, 0, 0] },
  '8 bits, top-down': { width: 2, height: -2, bits: 8, palette: PALETTE, pixels: [0, 1, 0, 0, 2, 3, 0, 0] },
  '16 bits, 5 each': {
    width: 2,
    height: 2,
    bits: 16,
    pixels: [...u16(0x1f), ...u16(0x7fff), ...u16(0x7c00), ...u16(0x3e0)],
  },
  '16 bits, 5 6 5': {
    width: 2,
    height: 2,
    bits: 16,
    compression: 3,
    masks: MASK_565,
    pixels: [...u16(0x1f), ...u16(0xffff), ...u16(0xf800), ...u16(0x7e0)],
  },
  '24 bits': {
    width: 2,
    height: 2,
    bits: 24,
    pixels: [255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0],
  },
  '32 bits, the fourth byte unused': {
    width: 2,
    height: -2,
    bits: 32,
    pixels: [0, 0, 255, 7, 0, 255, 0, 9, 255, 0, 0, 0, 255, 255, 255, 1],
  },
  '32 bits, masks beside the header': {
    width: 2,
    height: -2,
    bits: 32,
    compression: 3,
    masks: [0xff, 0xff00, 0xff0000],
    pixels: [255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 255, 255, 255, 0],
  },
  'runs of 8 bits': {
    width: 2,
    height: 2,
    bits: 8,
    compression: 1,
    palette: PALETTE,
    pixels: [1, 2, 1, 3, 0, 0, 1, 0, 1, 1, 0, 1],
  },
  'values of 8 bits as they are, after a move': {
    width: 4,
    height: 1,
    bits: 8,
    compression: 1,
    palette: PALETTE,
    pixels: [0, 2, 1, 0, 0, 3, 1, 2, 3, 0, 0, 1],
  },
  'runs of 4 bits': {
    width: 2,
    height: 2,
    bits: 4,
    compression: 2,
    palette: PALETTE,
    pixels: [2, 0x23, 0, 0, 2, 0x01, 0, 1],
  },
};

describe('a bitmap', () => {
  it.each(Object.entries(VARIANTS))('of %s', (name, bitmap) => {
    const { data, height, width, channels } = decodeBmp(bmp(bitmap));
    const shown = name === '1 bit' ? [...RED, ...GREEN, ...GREEN, ...RED] : SHOWN;
    expect([height * width, channels, ...data]).toEqual([4, 3, ...shown]);
  });

  it('fills what runs skip with the first colour', () => {
    const skipping = {
      width: 3,
      height: 2,
      bits: 8,
      compression: 1,
      palette: PALETTE,
      pixels: [1, 2, 0, 0, 2, 1, 0, 1],
    };
    expect([...decodeBmp(bmp(skipping)).data]).toEqual([GREEN, GREEN, RED, BLUE, RED, RED].flat());
  });

  it('shows the background where it is transparent, unless all of it is', async () => {
    const bitmap = { width: 2, height: -1, bits: 32, compression: 3, header: 108, masks: MASK_8888 } as const;
    const half = bmp({ ...bitmap, pixels: [0, 0, 255, 255, 0, 0, 255, 0] });
    expect([...(await decodeImage(half)).data]).toEqual([...RED, ...WHITE]);
    expect([...(await decodeImage(half, 3, { background: null })).data]).toEqual([...RED, ...RED]);
    const hidden = bmp({ ...bitmap, pixels: [0, 0, 255, 0, 255, 0, 0, 0] });
    expect([...(await decodeImage(hidden)).data]).toEqual([...RED, ...BLUE]);
  });

  const plain = bmp(VARIANTS['24 bits'] as Bitmap);
  it.each([
    ['cut short', plain.subarray(0, plain.length - 9), 'the bitmap is cut short: expected 68 bytes, got 61'],
    ['cut in its header', plain.subarray(0, 40), 'the bitmap is cut short: expected 54 bytes, got 40'],
    ['cut in a run', bmp({ ...(VARIANTS['runs of 8 bits'] as Bitmap), pixels: [1, 2, 1, 3, 0, 0, 1] }), 'cut short'],
    [
      'of JPEG',
      bmp({ width: 2, height: 2, bits: 0, compression: 4, pixels: [] }),
      '0 bits with compression 4 is not read',
    ],
    ['of no pixels', bmp({ width: 0, height: 2, bits: 24, pixels: [] }), 'the bitmap has 0 x 2 pixels'],
    ['of too many', bmp({ width: 90_000, height: 90_000, bits: 1, palette: [], pixels: [] }), '8,100,000,000 pixels'],
  ])('that is %s says so', async (_, bytes, reason) => {
    await expect(decodeImage(bytes)).rejects.toThrow(reason);
  });

  it('that is damaged anywhere is read or refused', async () => {
    const random = stream(3, 'bmp');
    const variants = Object.values(VARIANTS).map(bmp);
    for (let i = 0; i < 400; i++) {
      const bytes = Uint8Array.from(variants[i % variants.length] as Uint8Array);
      // But not to sizes in the ten thousands, which take long.
      const places = [...bytes.keys()].filter((at) => ![19, 20, 21, 23, 24, 25].includes(at));
      for (let k = 0; k < 3; k++) bytes[places[random.below(places.length)] as number] = random.below(256);
      const outcome = await decodeImage(bytes.subarray(0, bytes.length - random.below(3))).catch((error) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(AgonError);
      else expect(outcome.data).toHaveLength(outcome.height * outcome.width * 3);
    }
  });

  const sample = shared('cases/pictures/bmp-named.jpg');
  it.skipIf(sample.absent)('under the name of a JPEG is read', async () => {
    expect(await decodeImage(sample.path)).toMatchObject({ height: 64, width: 64, channels: 3 });
  });
});
