import { decodeBfloat, decodeHalf } from '../onnx/half.js';
import { elementCount, type Tensor, tensor } from '../onnx/tensor.js';

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
 * First-layer weights [K, 3, kH, kW] for grey images, [K, 1, kH, kW]: the sum over the channels, so that a grey image gives what its three
 * equal channels gave.
 */
export function sumChannels({ data }: Tensor, dims: readonly number[]): Tensor {
  const [outputs = 0, , ...kernel] = dims;
  const area = elementCount(kernel);
  const weights = data as Float32Array;
  const sums = new Float32Array(outputs * area);
  for (let k = 0; k < outputs; k++) {
    for (let i = 0; i < area; i++) {
      const at = (c: number) => weights[(k * 3 + c) * area + i] as number;
      sums[k * area + i] = at(0) + at(1) + at(2);
    }
  }
  return { dtype: 'float32', dims, data: sums };
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
