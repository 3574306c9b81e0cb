import { elementCount, type Tensor, toNumbers } from '../../../../src/onnx/tensor.js';

/** Float64 numbers in row-major order. Integers and booleans are whole numbers. */
export interface Float64Tensor extends Tensor {
  readonly dtype: 'float64';
  readonly data: Float64Array;
}

/** A tensor of the given numbers; zeros when left out. */
export function float64(
  dims: readonly number[],
  data: Float64Array = new Float64Array(elementCount(dims)),
): Float64Tensor {
  return { dtype: 'float64', dims, data };
}

export function toFloat64(tensor: Tensor): Float64Tensor {
  const { dims, data } = tensor;
  if (data instanceof Float64Array) return float64(dims, data);
  return float64(dims, data instanceof Float32Array ? new Float64Array(data) : Float64Array.from(toNumbers(tensor)));
}

/** The same numbers under other dims. */
export const withDims = ({ data }: Float64Tensor, dims: readonly number[]) => float64(dims, data);

/** f of every number. */
export function map({ dims, data }: Float64Tensor, f: (value: number, i: number) => number): Float64Tensor {
  const result = float64(dims);
  for (let i = 0; i < data.length; i++) result.data[i] = f(data[i] as number, i);
  return result;
}

/** The numbers at some positions, under the given dims. */
export function pick({ data }: Float64Tensor, positions: Int32Array, dims: readonly number[]): Float64Tensor {
  const result = float64(dims);
  positions.forEach((from, to) => {
    result.data[to] = data[from] as number;
  });
  return result;
}

/** The largest absolute value, 0 for none. */
export function largest({ data }: Float64Tensor): number {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** How far apart neighbours along each axis are. */
export function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
}

/** The sum of index x stride for every index of a tensor, in row-major order. */
export function offsets(dims: readonly number[], strides: readonly number[]): Int32Array {
  return dims.reduce<Int32Array>((outer, size, axis) => {
    const result = new Int32Array(outer.length * size);
    const stride = strides[axis] as number;
    for (let i = 0, at = 0; i < outer.length; i++) {
      for (let j = 0; j < size; j++) result[at++] = (outer[i] as number) + j * stride;
    }
    return result;
  }, new Int32Array(1));
}

/** A tensor seen along one axis: `before` x `size` x `after` elements. */
export function around(dims: readonly number[], axis: number) {
  return {
    before: elementCount(dims.slice(0, axis)),
    size: dims[axis] as number,
    after: elementCount(dims.slice(axis + 1)),
  };
}
