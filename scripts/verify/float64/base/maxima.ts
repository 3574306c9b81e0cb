import type { Node } from '../../../../src/graph/node/node.js';
import { elementCount } from '../../../../src/onnx/tensor.js';
import type { Float64Tensor } from './tensor.js';
import { eachMeeting, type SlidingWindow, slidingWindow } from './window.js';

/** The position in X of each window's largest pixel, the first one at a tie. */
export function maxima(node: Node, x: Float64Tensor): Int32Array {
  const window = slidingWindow(node, x.dims.slice(2), node.numbers('kernel_shape'));
  const [imageSize, outputSize] = [elementCount(window.image), elementCount(window.output)];
  const planes = x.data.length / imageSize;
  const best = new Int32Array(planes * outputSize).fill(-1);
  for (let plane = 0; plane < planes; plane++) {
    eachMeeting(window, (output, pixel) => {
      const [i, candidate] = [plane * outputSize + output, plane * imageSize + pixel];
      const known = best[i] as number;
      if (known < 0 || (x.data[candidate] as number) > (x.data[known] as number)) best[i] = candidate;
    });
  }
  return best;
}

/** Whether a position in X is one of those that the i-th element of Y is the largest of. */
export function isInWindow(window: SlidingWindow, i: number, position: number): boolean {
  const [imageSize, outputSize] = [elementCount(window.image), elementCount(window.output)];
  if (Math.floor(i / outputSize) !== Math.floor(position / imageSize)) return false;
  let seen = false;
  eachMeeting(window, (output, pixel) => {
    seen ||= output === i % outputSize && pixel === position % imageSize;
  });
  return seen;
}
