import type { Node } from '../../../../src/graph/node/node.js';
import { elementCount } from '../../../../src/onnx/tensor.js';
import type { Operator } from '../base/operator.js';
import { type Float64Tensor, float64 } from '../base/tensor.js';
import { eachMeeting, type SlidingWindow, slidingWindow } from '../base/window.js';

/** The mean of each window's pixels; padding counts where `count_include_pad` says so. */
export const AveragePool: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const window = windowOver(node, x.dims.slice(2));
  const y = float64([...x.dims.slice(0, 2), ...window.output]);
  eachShare(node, window, y, (output, image, share) => {
    y.data[output] = (y.data[output] as number) + (x.data[image] as number) * share;
  });
  return [y];
};

/** (dY) -> dX. */
export const AveragePoolGrad: Operator = (node, [given]) => {
  const dY = given as Float64Tensor;
  const window = windowOver(node, node.numbers('input_size'));
  const dX = float64([...dY.dims.slice(0, 2), ...window.image]);
  eachShare(node, window, dY, (output, image, share) => {
    dX.data[image] = (dX.data[image] as number) + (dY.data[output] as number) * share;
  });
  return [dX];
};

/** The mean of each plane, [N, C, 1, 1]. */
export const GlobalAveragePool: Operator = (_node, [given]) => {
  const { dims, data } = given as Float64Tensor;
  const size = elementCount(dims.slice(2));
  const y = float64(dims.map((dim, axis) => (axis < 2 ? dim : 1)));
  data.forEach((value, i) => {
    const plane = Math.floor(i / size);
    y.data[plane] = (y.data[plane] as number) + value / size;
  });
  return [y];
};

function windowOver(node: Node, image: readonly number[]): SlidingWindow {
  if (isPaddingCounted(node) && node.number('ceil_mode', 0) === 1)
    node.fail('ceil_mode', '0 where padding counts', '1');
  return slidingWindow(node, image, node.numbers('kernel_shape'));
}

function isPaddingCounted(node: Node): boolean {
  return node.number('count_include_pad', 0) === 1;
}

/** Calls `visit` for every pixel of every window of every plane, with the pixel's share in the window's mean. */
function eachShare(
  node: Node,
  window: SlidingWindow,
  pooled: Float64Tensor,
  visit: (output: number, image: number, share: number) => void,
): void {
  const [imageSize, outputSize] = [elementCount(window.image), elementCount(window.output)];
  const counts = new Float64Array(outputSize);
  if (isPaddingCounted(node)) counts.fill(elementCount(window.kernel));
  else
    eachMeeting(window, (output) => {
      counts[output] = (counts[output] as number) + 1;
    });
  for (let plane = 0; plane < pooled.data.length / outputSize; plane++) {
    eachMeeting(window, (output, image) => {
      visit(plane * outputSize + output, plane * imageSize + image, 1 / (counts[output] as number));
    });
  }
}
