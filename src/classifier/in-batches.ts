import { type Tensor, tensor } from '../onnx/tensor.js';

type Run = (images: Tensor) => Promise<Tensor>;

/**
 * `run` on any number of images [N, ...], in batches of exactly `size`, the last one filled up with its first image;
 * `run` itself without a size.
 */
export function inBatches(size: number | undefined, run: Run): Run {
  if (size === undefined) return run;
  return async ({ data, dims: [count, ...rest] }) => {
    const length = rest.reduce((a, b) => a * b, 1);
    const results: Tensor[] = [];
    for (let first = 0; first < (count as number); first += size) {
      const rows = Math.min(size, (count as number) - first);
      const numbers = (data as Float32Array).subarray(first * length, (first + rows) * length);
      const result = await run(tensor('float32', [size, ...rest], filled(numbers, size * length, length)));
      results.push(firstRows(result, rows));
    }
    return joined(results);
  };
}

function filled(numbers: Float32Array, length: number, period: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => numbers[i < numbers.length ? i : i % period] as number);
}

function firstRows({ dtype, dims, data }: Tensor, rows: number): Tensor {
  const [all, ...rest] = dims as [number, ...number[]];
  const kept = (data as Float32Array).slice(0, (data.length / all) * rows);
  return { dtype, dims: [rows, ...rest], data: kept };
}

function joined(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  const data = parts.flatMap((part) => Array.from(part.data as Float32Array));
  const rows = parts.reduce((sum, { dims }) => sum + (dims[0] as number), 0);
  return tensor(first.dtype, [rows, ...first.dims.slice(1)], data);
}
