import { ARRAY_TYPES } from '../../onnx/array-types.js';
import { elementCount, shapeText, sizeOfDtype, type Tensor } from '../../onnx/tensor.js';
import { viewElements } from '../../onnx/view-elements.js';
import { fail } from '../../util/error.js';
import type { TensorView } from './pickle-values.js';

/** PyTorch's own limit of dimensions. */
const MOST_DIMENSIONS = 64;

/** Where a tensor lies in its storage, checked: counts of elements. */
export interface Layout {
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly count: number;
  /** Row-major without gaps. */
  readonly contiguous: boolean;
}

/** The layout of a tensor, inside its storage; what a file can't mean is an error at `where`. */
export function layoutOf({ storage, offset, dims, strides }: TensorView, where: string): Layout {
  if (!isCounts(dims) || !isCounts(strides) || dims.length !== strides.length || !isCounts([offset]))
    fail(where, 'wrong shape, strides or offset', {
      expected: `whole numbers >= 0, at most ${MOST_DIMENSIONS} of each`,
    });
  const count = elementCount(dims, where);
  const last = dims.reduce((sum, dim, axis) => sum + (dim - 1) * (strides[axis] as number), offset as number);
  if (count > 0 && !(last < storage.count))
    fail(where, `${shapeText(dims)} with strides ${shapeText(strides)} reaches outside its storage`, {
      expected: `elements below ${storage.count}`,
      got: `element ${last}`,
    });
  return { dims, strides, offset: offset as number, count, contiguous: isContiguous(dims, strides, count) };
}

/** The elements of a tensor: a view of the storage's bytes where they lie in order, else a copy. */
export function gather(bytes: Uint8Array, { storage }: TensorView, layout: Layout, where: string): Tensor {
  const { dims, offset, count, contiguous } = layout;
  const size = sizeOfDtype(storage.dtype);
  if (count === 0) return viewElements(storage.dtype, dims, new Uint8Array(), where);
  if (contiguous)
    return viewElements(storage.dtype, dims, bytes.subarray(offset * size, (offset + count) * size), where);
  const whole = viewElements(storage.dtype, [storage.count], bytes, where);
  const data = new ARRAY_TYPES[storage.dtype](count);
  const source = whole.data as Float32Array;
  let to = 0;
  for (const from of positions(layout)) data[to++] = source[from] as number;
  return { dtype: storage.dtype, dims, data };
}

/** The places of the elements in the storage, in row-major order. */
function* positions({ dims, strides, offset, count }: Layout): Generator<number> {
  const index = dims.map(() => 0);
  let place = offset;
  for (let i = 0; i < count; i++) {
    yield place;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const [dim, stride] = [dims[axis] as number, strides[axis] as number];
      place += stride;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < dim) break;
      place -= dim * stride;
      index[axis] = 0;
    }
  }
}

function isContiguous(dims: readonly number[], strides: readonly number[], count: number): boolean {
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const dim = dims[axis] as number;
    if (dim !== 1 && strides[axis] !== step) return count === 0;
    step *= dim;
  }
  return true;
}

function isCounts(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= MOST_DIMENSIONS &&
    value.every((count) => Number.isSafeInteger(count) && count >= 0)
  );
}
