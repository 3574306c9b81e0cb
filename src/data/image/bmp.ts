import type { Pixels, Size } from '../dataset/dataset.js';

/** How the samples of a bitmap are stored. */
interface BmpHeader extends Size {
  /** Where the pixels begin. */
  readonly start: number;
  readonly bits: number;
  readonly compression: number;
  readonly topDown: boolean;
  /** [colours, 3], red, green, blue. */
  readonly palette: Uint8Array;
  /** Which bits of a pixel of 16 or 32 are red, green, blue and alpha. */
  readonly masks: readonly number[];
}

const [RGB, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS] = [0, 1, 2, 3, 6];

/** A bitmap that can't be decoded; the message says why. */
export class BmpError extends Error {}

/** Height and width of a Windows or OS/2 bitmap. */
export function bmpSize(bytes: Uint8Array): Size {
  const { height, width } = readHeader(viewOf(bytes));
  return { height, width };
}

/**
 * Decodes a Windows or OS/2 bitmap of 1, 2, 4, 8, 16, 24 or 32 bits, plain or run-length encoded: [height, width, 3], or 4 channels
 * where some pixels aren't opaque. One that is cut short is an error.
 */
export function decodeBmp(bytes: Uint8Array): Pixels {
  const view = viewOf(bytes);
  const header = readHeader(view);
  const isRunLength = header.compression === RLE8 || header.compression === RLE4;
  if (isRunLength) return colour(runLengthIndices(bytes, header), header);
  const stride = Math.floor((header.width * header.bits + 31) / 32) * 4;
  // Some programs leave out what pads the last row.
  const needed = header.start + stride * (header.height - 1) + Math.ceil((header.width * header.bits) / 8);
  if (bytes.length < needed) cut(needed, bytes.length);
  return header.bits <= 8 ? colour(plainIndices(bytes, header, stride), header) : directColours(view, header, stride);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function cut(expected: number, got: number): never {
  throw new BmpError(`the bitmap is cut short: expected ${expected} bytes, got ${got}`);
}

function readHeader(view: DataView): BmpHeader {
  if (view.byteLength < 26) cut(26, view.byteLength);
  const size = view.getUint32(14, true);
  if (view.byteLength < 14 + size) cut(14 + size, view.byteLength);
  const short = size === 12;
  const width = short ? view.getUint16(18, true) : view.getInt32(18, true);
  const signed = short ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(short ? 24 : 28, true);
  const compression = size >= 40 ? view.getUint32(30, true) : RGB;
  const [start, height] = [view.getUint32(10, true), Math.abs(signed)];
  if (width <= 0 || height === 0) throw new BmpError(`the bitmap has ${width} x ${height} pixels`);
  checkForm(size, bits, compression);
  const masked = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const beside = masked && size === 40 ? (compression === BITFIELDS ? 12 : 16) : 0;
  const paletteAt = 14 + size + beside;
  if (view.byteLength < paletteAt || start < paletteAt) throw new BmpError('the header of the bitmap is damaged');
  return {
    height,
    width,
    start,
    bits,
    compression: compression,
    topDown: signed < 0,
    palette: readPalette(view, { at: paletteAt, entry: short ? 3 : 4, colours: coloursOf(view, size, bits), start }),
    masks: masked ? readMasks(view, size, beside) : usualMasks(bits),
  };
}

/** What is known of each form: bits by compression. */
const FORMS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16, 24, 32],
  1: [8],
  2: [4],
  3: [16, 32],
  6: [16, 32],
};

function checkForm(size: number, bits: number, compression: number): void {
  const os2 = size === 64 && compression > 2;
  if (!os2 && FORMS[compression]?.includes(bits)) return;
  throw new BmpError(`a bitmap of ${bits} bits with compression ${compression} is not read: convert it to PNG`);
}

function coloursOf(view: DataView, size: number, bits: number): number {
  if (bits > 8) return 0;
  const most = 2 ** bits;
  const used = size >= 40 ? view.getUint32(46, true) : 0;
  return used > 0 && used < most ? used : most;
}

/** Blue, green, red and mostly a byte of nothing; a palette that ends early is black beyond. */
function readPalette(
  view: DataView,
  { at, entry, colours, start }: { at: number; entry: number; colours: number; start: number },
): Uint8Array {
  const palette = new Uint8Array(256 * 3);
  const there = Math.floor((Math.min(start, view.byteLength) - at) / entry);
  for (let i = 0; i < Math.min(colours, there); i++) {
    for (let c = 0; c < 3; c++) palette[3 * i + c] = view.getUint8(at + i * entry + 2 - c);
  }
  return palette;
}

function readMasks(view: DataView, size: number, beside: number): number[] {
  const count = size >= 56 || beside === 16 ? 4 : 3;
  return [0, 1, 2, 3].map((i) => (i < count ? view.getUint32(54 + 4 * i, true) : 0));
}

function usualMasks(bits: number): number[] {
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

/** Rows are stored from the lowest to the highest unless they are said to be top-down. */
function storedRow({ height, topDown }: BmpHeader, y: number): number {
  return topDown ? y : height - 1 - y;
}

/** Palette indices: [height, width]. */
function plainIndices(bytes: Uint8Array, header: BmpHeader, stride: number): Uint8Array {
  const { height, width, bits, start } = header;
  const out = new Uint8Array(height * width);
  const [perByte, mask] = [8 / bits, 2 ** bits - 1];
  for (let y = 0, at = 0; y < height; y++) {
    const row = start + storedRow(header, y) * stride;
    for (let x = 0; x < width; x++) {
      const byte = bytes[row + Math.floor(x / perByte)] as number;
      out[at++] = (byte >> (8 - bits * ((x % perByte) + 1))) & mask;
    }
  }
  return out;
}

/**
 * Palette indices of a run-length encoded bitmap: [height, width]; what is skipped is colour 0. A pair (n, value) is a run; (0, 0)
 * ends a row, (0, 1) the bitmap, (0, 2) moves by the next two bytes, and (0, n) is n values as they are, padded to two bytes.
 */
function runLengthIndices(bytes: Uint8Array, { height, width, compression, start }: BmpHeader): Uint8Array {
  const out = new Uint8Array(height * width);
  const four = compression === RLE4;
  let [x, y, at] = [0, 0, start];
  const put = (value: number) => {
    if (x < width && y < height) out[(height - 1 - y) * width + x] = value;
    x++;
  };
  const half = (byte: number, i: number) => (four ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
  while (y < height) {
    if (at + 1 >= bytes.length) {
      // Some programs leave the end mark out.
      if (y === height - 1 && x >= width) break;
      cut(at + 2, bytes.length);
    }
    const [count, value] = [bytes[at] as number, bytes[at + 1] as number];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i++) put(half(value, i));
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) break;
    else if (value === 2) {
      [x, y] = [x + (bytes[at] ?? 0), y + (bytes[at + 1] ?? 0)];
      at += 2;
    } else {
      const length = four ? Math.ceil(value / 2) : value;
      if (at + length > bytes.length) cut(at + length, bytes.length);
      for (let i = 0; i < value; i++) put(half(bytes[at + (four ? i >> 1 : i)] as number, i));
      at += length + (length % 2);
    }
  }
  return out;
}

function colour(indices: Uint8Array, { height, width, palette }: BmpHeader): Pixels {
  const data = new Uint8Array(indices.length * 3);
  for (const [i, index] of indices.entries()) data.set(palette.subarray(3 * index, 3 * index + 3), 3 * i);
  return { data, height, width, channels: 3 };
}

function directColours(view: DataView, header: BmpHeader, stride: number): Pixels {
  const { height, width, bits, start, masks } = header;
  const fields = masks.map(fieldOf);
  const withAlpha = masks[3] !== 0;
  const channels = withAlpha ? 4 : 3;
  const data = new Uint8Array(height * width * channels);
  const bytes = bits / 8;
  for (let y = 0, to = 0; y < height; y++) {
    let at = start + storedRow(header, y) * stride;
    for (let x = 0; x < width; x++, at += bytes) {
      const pixel = pixelAt(view, at, bits);
      for (let c = 0; c < channels; c++) data[to++] = fields[c]?.(pixel) ?? 0;
    }
  }
  return { data: withAlpha ? shownIfAllHidden(data) : data, height, width, channels };
}

function pixelAt(view: DataView, at: number, bits: number): number {
  if (bits === 16) return view.getUint16(at, true);
  if (bits === 32) return view.getUint32(at, true);
  return view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
}

/** The 8-bit value of the field under a mask: round(255 * field / largest). */
function fieldOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / largest);
}

/** Programs that know no alpha leave it at 0 everywhere: such a bitmap is opaque, as browsers show it. */
function shownIfAllHidden(data: Uint8Array): Uint8Array {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 0) return data;
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return data;
}
