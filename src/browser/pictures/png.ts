import { zlibSync } from 'fflate';
import type { Pixels } from '../../data/dataset/dataset.js';
import { concatenate } from '../../onnx/chunks.js';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** 8 bits a sample; red, green and blue, without transparency. */
const FORM = [8, 2, 0, 0, 0];
/** Each byte less that of the row above: https://www.w3.org/TR/png-3/#9Filters. */
const UP = 2;

/**
 * Red, green and blue samples [height, width, 3] as a PNG file without a colour profile (https://www.w3.org/TR/png-3/). A browser's canvas
 * would do that as well, but in bytes that differ from browser to browser.
 */
export function encodePng({ data, height, width }: Pick<Pixels, 'data' | 'height' | 'width'>): Uint8Array {
  const header = new Uint8Array(8 + FORM.length);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set(FORM, 8);
  const rows = zlibSync(filtered(data, height, 3 * width), { level: 6 });
  return concatenate([SIGNATURE, ...chunk('IHDR', header), ...chunk('IDAT', rows), ...chunk('IEND', new Uint8Array())]);
}

/** Each row behind the number of its filter. */
function filtered(data: Uint8Array, height: number, length: number): Uint8Array {
  const rows = new Uint8Array(height * (length + 1));
  for (let y = 0; y < height; y++) {
    rows[y * (length + 1)] = UP;
    for (let x = 0; x < length; x++) {
      const above = y === 0 ? 0 : (data[(y - 1) * length + x] as number);
      rows[y * (length + 1) + 1 + x] = (data[y * length + x] as number) - above;
    }
  }
  return rows;
}

function chunk(type: string, content: Uint8Array): Uint8Array[] {
  const named = concatenate([new TextEncoder().encode(type), content]);
  return [bigEndian(content.length), named, bigEndian(crc32(named))];
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** The remainder of each byte by the polynomial of ISO 3309, its bits reversed. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (REMAINDERS[(rest ^ byte) & 0xff] as number) ^ (rest >>> 8);
  return ~rest >>> 0;
}
