import { fail } from '../util/error.js';
import { viewAs } from '../util/typed-array.js';
import { ARRAY_TYPES } from './array-types.js';
import { type NumericDType, sizeOfDtype } from './dtype.js';
import { elementCount, shapeText, type Tensor, type TensorData } from './tensor.js';

type ViewType = Parameters<typeof viewAs<Exclude<TensorData, string[]>>>[0];

/**
 * Little-endian bytes as a tensor: a view of them where their offset is aligned, else of a copy. Fails at `where` unless
 * the number of bytes is what dtype and dimensions make. (Node.js runs on little-endian machines only.)
 */
export function viewElements(dtype: NumericDType, dims: readonly number[], bytes: Uint8Array, where: string): Tensor {
  const Type: ViewType = ARRAY_TYPES[dtype];
  const expected = elementCount(dims, where) * sizeOfDtype(dtype);
  if (bytes.byteLength !== expected) {
    fail(where, `wrong number of bytes for ${dtype}${shapeText(dims)}`, {
      expected: `${expected}`,
      got: `${bytes.byteLength}`,
    });
  }
  return { dtype, dims, data: viewAs(Type, bytes) };
}
