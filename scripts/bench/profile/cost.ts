import type { NodeEvent, ProfiledTensor } from './events.js';

/** Operators that hand their input's memory on. */
const VIEWS = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Shape', 'Identity']);
const PRODUCTS = new Set(['MatMul', 'FusedMatMul', 'Gemm']);
const BYTES: Readonly<Record<string, number>> = { double: 8, int64: 8, uint64: 8, float16: 2, bfloat16: 2, bool: 1 };

export const FORWARD = 'convolution: forward';
export const INPUT_GRADIENT = 'convolution: input gradient';
export const WEIGHT_GRADIENT = 'convolution: weight gradient';

/**
 * What a node does. Convolutions and the matrix products that stand for 1x1 convolutions by their direction; a Conv of
 * one tap a channel is a multiplication by a scale, one whose kernels are whole images a sum of products; all else by its operator.
 */
export function classOf(event: NodeEvent): string {
  const { op, name } = event;
  if (op === 'Conv' && isScale(event)) return 'Conv as scale and shift';
  if (op === 'Conv' && isDot(event)) return 'Conv as sum of products';
  if (op !== 'Conv' && op !== 'ConvTranspose' && !(PRODUCTS.has(op) && isOfConvolution(name))) return op;
  if (name.includes('ConvWeightGrad')) return WEIGHT_GRADIENT;
  return name.includes('_grad/') ? INPUT_GRADIENT : FORWARD;
}

export function isConvolution(className: string): boolean {
  return [FORWARD, INPUT_GRADIENT, WEIGHT_GRADIENT].includes(className);
}

/** Bytes of a node's operands and results, each counted once. */
export function bytesOf({ op, inputs, outputs }: NodeEvent): number {
  if (VIEWS.has(op)) return 0;
  return [...inputs, ...outputs].reduce((total, { type, dims }) => total + (BYTES[type] ?? 4) * count(dims), 0);
}

/** Floating-point operations of convolutions and matrix products; 0 for all else. */
export function flopsOf(event: NodeEvent): number {
  const { op, inputs, outputs } = event;
  const [first, weights] = [dimsOf(inputs[0]), dimsOf(inputs[1])];
  if (op === 'Conv' && !isScale(event) && !isDot(event)) return 2 * count(dimsOf(outputs[0])) * count(weights.slice(1));
  if (op === 'ConvTranspose') return 2 * count(first) * count(weights.slice(1));
  if (PRODUCTS.has(op)) return 2 * productTerms(first, weights, dimsOf(outputs[0]));
  return 0;
}

/** Multiply-adds of a product in any transposition: (m k) (k n) (m n) = (m k n)^2, in each of the batch. */
function productTerms(a: readonly number[], b: readonly number[], y: readonly number[]): number {
  const batch = count(y.slice(0, -2));
  const sides = [a, b, y].map((dims) => count(dims.slice(-2)));
  return batch * Math.sqrt(count(sides));
}

function isScale({ inputs }: NodeEvent): boolean {
  const [, ...taps] = dimsOf(inputs[1]);
  return taps.length > 0 && taps.every((size) => size === 1) && count(dimsOf(inputs[0])) > 1;
}

function isDot({ inputs, outputs }: NodeEvent): boolean {
  const [image, kernels] = [dimsOf(inputs[0]), dimsOf(inputs[1])];
  const whole = kernels.length === 4 && kernels[1] === 1 && String(kernels.slice(2)) === String(image.slice(2));
  return whole && count(dimsOf(outputs[0]).slice(2)) === 1;
}

/** Whether the innermost scope of a node's name is a convolution's. */
function isOfConvolution(name: string): boolean {
  return /(^|\/)Conv(WeightGrad|InputGrad)?\/[^/]*$/.test(name);
}

function dimsOf(tensor: ProfiledTensor | undefined): readonly number[] {
  return tensor?.dims ?? [];
}

function count(dims: readonly number[]): number {
  return dims.reduce((n, dim) => n * dim, 1);
}
