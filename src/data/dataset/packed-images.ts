import type { PackedImages, Pixels, Size, Split } from './dataset.js';

/** Zeroed memory for `count` images that worker threads can share. */
export function allocateImages(count: number, { height, width }: Size, channels: number): PackedImages {
  const data = new Uint8Array(new SharedArrayBuffer(count * height * width * channels));
  const rows = Uint32Array.from({ length: count }, (_, i) => i);
  return { kind: 'packed', data, height, width, channels, rows };
}

/** A split of packed images; labels: [rows]. */
export function packedSplit(source: PackedImages, labels: Int32Array): Split {
  return { length: source.rows.length, labels, source };
}

/** Image i of the split as a view of the shared bytes. Nobody may write to it. */
export function pixelsAt({ data, height, width, channels, rows }: PackedImages, i: number): Pixels {
  const row = rows[i];
  if (row === undefined) throw new RangeError(`there is no image ${i} in a split of ${rows.length}`);
  const size = height * width * channels;
  return { data: data.subarray(row * size, (row + 1) * size), height, width, channels };
}
