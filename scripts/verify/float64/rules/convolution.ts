import type { Node } from '../../../../src/graph/node/node.js';
import { elementCount } from '../../../../src/onnx/tensor.js';
import { addProduct, transposed } from '../base/matrix.js';
import type { Operator } from '../base/operator.js';
import { type Float64Tensor, float64 } from '../base/tensor.js';
import { addFolded, pixelsOf, unfolded } from '../base/unfold.js';
import { type SlidingWindow, slidingWindow } from '../base/window.js';

type Two = readonly [Float64Tensor, Float64Tensor];

/** (X [N, C, H, W], W [K, C / group, h, w]) -> Y [N, K, ...]. */
export const Conv: Operator = (node, inputs) => {
  const [x, w] = inputs as Two;
  if (inputs[2]) node.fail('input 2 (a bias)', 'none', 'one');
  const shape = shapeOf(node, x.dims, w.dims);
  const { filters, taps, positions, pixels } = shape;
  const y = float64([x.dims[0] as number, w.dims[0] as number, ...shape.window.output]);
  eachGroup(shape, x, w, y, (image, weights, output) => {
    addProduct(output, weights, unfolded(image, pixels), [filters, taps, positions]);
  });
  return [y];
};

/** (dY, W) -> dX. */
export const ConvInputGrad: Operator = (node, inputs) => {
  const [dY, w] = inputs as Two;
  const channels = (w.dims[1] as number) * node.number('group', 1);
  const dX = float64([dY.dims[0] as number, channels, ...node.numbers('input_size')]);
  const shape = shapeOf(node, dX.dims, w.dims);
  const { filters, taps, positions, pixels } = shape;
  eachGroup(shape, dX, w, dY, (image, weights, output) => {
    const columns = new Float64Array(taps * positions);
    addProduct(columns, transposed(weights, filters, taps), output, [taps, filters, positions]);
    addFolded(image, columns, pixels);
  });
  return [dX];
};

/** (X, dY) -> dW. */
export const ConvWeightGrad: Operator = (node, inputs) => {
  const [x, dY] = inputs as Two;
  const channels = (x.dims[1] as number) / node.number('group', 1);
  const dW = float64([dY.dims[1] as number, channels, ...node.numbers('kernel_shape')]);
  const shape = shapeOf(node, x.dims, dW.dims);
  const { filters, taps, positions, pixels } = shape;
  eachGroup(shape, x, dW, dY, (image, weights, output) => {
    const columns = transposed(unfolded(image, pixels), taps, positions);
    addProduct(weights, output, columns, [filters, positions, taps]);
  });
  return [dW];
};

/** One group of a convolution of one image as a product of matrices: [filters, taps] x [taps, positions]. */
interface ConvShape {
  readonly window: SlidingWindow;
  readonly groups: number;
  readonly channels: number;
  readonly filters: number;
  /** Channels x taps of the kernel. */
  readonly taps: number;
  /** Places of the window. */
  readonly positions: number;
  /** Which pixel each tap sees at each position. */
  readonly pixels: Int32Array;
}

function shapeOf(node: Node, image: readonly number[], weights: readonly number[]): ConvShape {
  const window = slidingWindow(node, image.slice(2), weights.slice(2));
  const groups = node.number('group', 1);
  const [filters, channels] = weights as readonly [number, number];
  const [taps, positions] = [elementCount(weights.slice(1)), elementCount(window.output)];
  return { window, groups, channels, filters: filters / groups, taps, positions, pixels: pixelsOf(window, channels) };
}

/** Calls `visit` for every image and group with its part of X [C, H, W], W [K, taps] and Y [K, positions], to be read or written. */
function eachGroup(
  { window, groups, channels, filters, taps, positions }: ConvShape,
  x: Float64Tensor,
  w: Float64Tensor,
  y: Float64Tensor,
  visit: (image: Float64Array, weights: Float64Array, output: Float64Array) => void,
): void {
  const part = ({ data }: Float64Tensor, size: number, i: number) => data.subarray(i * size, (i + 1) * size);
  const [imageSize, outputSize] = [channels * elementCount(window.image), filters * positions];
  for (let i = 0; i < (x.dims[0] as number) * groups; i++) {
    visit(part(x, imageSize, i), part(w, filters * taps, i % groups), part(y, outputSize, i));
  }
}
