import { float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';

/** value = scale * (q - zeroPoint), with q in [0, 255]. */
export interface AffineRange {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Weights as int8 with a scale for each channel: weight = scale[k] * q, with q in [-most, most]. */
export interface ChannelWeights {
  readonly quantised: Tensor<'int8'>;
  /** [channels]. */
  readonly scales: Float32Array;
}

const LEVELS = 255;
/** Of a range without any width: what is 0 stays 0. */
const SMALLEST = 2 ** -40;

/** The scale and zero point of uint8 for numbers from `least` to `most`; 0 is always among them, and exact. */
export function affineRange(least: number, most: number): AffineRange {
  const [low, high] = [Math.min(least, 0), Math.max(most, 0)];
  const scale = Math.fround(Math.max((high - low) / LEVELS, SMALLEST));
  return { scale, zeroPoint: Math.max(0, Math.min(roundHalfToEven(-low / scale), LEVELS)) };
}

/**
 * Weights in whole numbers, symmetric about 0, with one scale for each index of `axis`: the channel's largest magnitude / `most`.
 * A channel of zeros has any scale.
 */
export function quantiseWeights(weights: Tensor, axis: number, most: number): ChannelWeights {
  const data = float32Data(weights);
  const channels = at(weights.dims, axis);
  const inner = weights.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const largest = new Float64Array(channels);
  data.forEach((value, i) => {
    const channel = channelOf(i);
    largest[channel] = Math.max(at(largest, channel), Math.abs(value));
  });
  const scales = Float32Array.from(largest, (own) => Math.max(own / most, SMALLEST));
  const whole = Int8Array.from(data, (value, i) => {
    return Math.max(-most, Math.min(roundHalfToEven(value / at(scales, channelOf(i))), most));
  });
  return { quantised: tensor('int8', weights.dims, whole), scales };
}

const LARGEST_INT32 = 2 ** 31 - 1;

/** A bias as int32 in units of the products that it is added to: of the input's scale times the weights' scale of each channel. */
export function quantiseBias(bias: Float64Array, inputScale: number, scales: Float32Array) {
  const units = scales.map((own) => Math.fround(own * inputScale));
  const whole = Int32Array.from(bias, (value, k) => {
    return Math.max(-LARGEST_INT32, Math.min(roundHalfToEven(value / at(units, k)), LARGEST_INT32));
  });
  return { quantised: tensor('int32', [whole.length], whole), scales: units };
}

/** As ONNX's QuantizeLinear rounds. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
