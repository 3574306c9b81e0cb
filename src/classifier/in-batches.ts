import { float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';

type Run = (images: Tensor) => Promise<Tensor>;

/**
 * `run` on any number of images [N, ...], in batches of exactly `size`, the last one filled up with its first image;
 * `run` itself without a size.
 */
export function inBatches(size: number | undefined, run: Run): Run {
  if (size === undefined) return run;
  return async (images) => {
    const [count = 0, ...rest] = images.dims;
    const data = float32Data(images);
    const length = rest.reduce((a, b) => a * b, 1);
    const results: Tensor[] = [];
    for (let first = 0; first < count; first += size) {
      const rows = Math.min(size, count - first);
      const numbers = data.subarray(first * length, (first + rows) * length);
      const result = await run(tensor('float32', [size, ...rest], filled(numbers, size * length, length)));
      results.push(firstRows(result, rows));
    }
    return joined(results);
  };
}

function filled(numbers: Float32Array, length: number, period: number): Float32Array {
  const all = new Float32Array(length);
  all.set(numbers);
  for (let from = numbers.length; from < length; from += period) all.set(numbers.subarray(0, period), from);
  return all;
}

function firstRows(result: Tensor, rows: number): Tensor {
  const data = float32Data(result);
  const kept = data.slice(0, (data.length / at(result.dims, 0)) * rows);
  return tensor('float32', [rows, ...result.dims.slice(1)], kept);
}

function joined(parts: readonly Tensor[]): Tensor {
  const data = parts.flatMap((part) => Array.from(float32Data(part)));
  const rows = parts.reduce((sum, { dims }) => sum + at(dims, 0), 0);
  return tensor('float32', [rows, ...at(parts, 0).dims.slice(1)], data);
}
