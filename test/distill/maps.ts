import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';

/** Feature maps by image, channel, row and column. */
export type Maps = readonly (readonly (readonly (readonly number[])[])[])[];

export function mapsOf(t: Tensor): Maps {
  const numbers = toNumbers(t);
  const [images, channels, height, width] = t.dims as [number, number, number, number];
  const list = <T>(count: number, entry: (i: number) => T) => Array.from({ length: count }, (_, i) => entry(i));
  return list(images, (n) =>
    list(channels, (c) =>
      list(height, (y) => list(width, (x) => numbers[((n * channels + c) * height + y) * width + x] as number)),
    ),
  );
}

/** PyTorch's AdaptiveAvgPool2d, as its CPU kernel loops: start_index = floor(o in / out), end_index = ceil((o + 1) in / out). */
export function adaptivePoolLoop(maps: Maps, height: number, width: number): Maps {
  return maps.map((image) =>
    image.map((plane) => {
      const [fromHeight, fromWidth] = [plane.length, (plane[0] as readonly number[]).length];
      const pooled: number[][] = [];
      for (let oy = 0; oy < height; oy++) {
        const row: number[] = [];
        for (let ox = 0; ox < width; ox++) {
          let [sum, count] = [0, 0];
          for (let y = Math.floor((oy * fromHeight) / height); y < Math.ceil(((oy + 1) * fromHeight) / height); y++) {
            for (let x = Math.floor((ox * fromWidth) / width); x < Math.ceil(((ox + 1) * fromWidth) / width); x++) {
              sum += plane[y]?.[x] as number;
              count++;
            }
          }
          row.push(sum / count);
        }
        pooled.push(row);
      }
      return pooled;
    }),
  );
}

/** A 1x1 convolution without bias: `weight` [outputs][channels]. */
export function pointwiseLoop(maps: Maps, weight: readonly (readonly number[])[]): Maps {
  return maps.map((image) =>
    weight.map((row) =>
      (image[0] ?? []).map((line, y) =>
        line.map((_, x) => row.reduce((sum, w, c) => sum + w * (image[c]?.[y]?.[x] as number), 0)),
      ),
    ),
  );
}

/** All numbers in order. */
export const flatMaps = (maps: Maps): number[] => maps.flat(3);
