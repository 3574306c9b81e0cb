import { decodeBfloat, decodeHalf } from '../onnx/half.js';
import { type Tensor, tensor } from '../onnx/tensor.js';

/** The tensor's elements as float32 under another shape of as many elements; float32 data is kept, not copied. */
export function asFloat32({ dtype, data }: Tensor, dims: readonly number[]): Tensor {
  if (dtype === 'float16') return decoded(data as Uint16Array, dims, decodeHalf);
  if (dtype === 'bfloat16') return decoded(data as Uint16Array, dims, decodeBfloat);
  return tensor('float32', dims, data, 'weights');
}

function decoded(bits: Uint16Array, dims: readonly number[], decode: (bits: number) => number): Tensor {
  const data = new Float32Array(bits.length);
  for (const [i, each] of bits.entries()) data[i] = decode(each);
  return { dtype: 'float32', dims, data };
}

/**
 * A norm's weight for another epsilon: w sqrt((v + to) / (v + from)), which gives the same output. Shifting the variance instead could make
 * it negative.
 */
export function rescaleNorm({ dims, data }: Tensor, variance: Tensor, from: number, to: number): Tensor {
  const [weights, variances] = [data as Float32Array, variance.data as Float32Array];
  const scaled = weights.map(
    (w, i) => w * Math.sqrt(((variances[i] as number) + to) / ((variances[i] as number) + from)),
  );
  return { dtype: 'float32', dims, data: scaled };
}
