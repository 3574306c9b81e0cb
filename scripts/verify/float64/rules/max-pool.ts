import { isInWindow, maxima } from '../base/maxima.js';
import type { Operator } from '../base/operator.js';
import { type Float64Tensor, float64, pick } from '../base/tensor.js';
import { slidingWindow } from '../base/window.js';

/** The pixel of each window whose position in X the sides give: the largest, when they are its own. */
export const MaxPool: Operator = (node, [given], kinks) => {
  const x = given as Float64Tensor;
  const window = slidingWindow(node, x.dims.slice(2), node.numbers('kernel_shape'));
  const own = maxima(node, x);
  const distance = (i: number, position: number) => {
    const seen = isInWindow(window, i, position);
    return seen ? (x.data[own[i] as number] as number) - (x.data[position] as number) : Number.POSITIVE_INFINITY;
  };
  const chosen = kinks.take(node, x, own, distance);
  return [pick(x, chosen, [...x.dims.slice(0, 2), ...window.output])];
};

/** (dY, X, Y) -> dX. */
export const MaxPoolGrad: Operator = (node, inputs, kinks) => {
  const [dY, x] = inputs as readonly [Float64Tensor, Float64Tensor];
  const chosen = kinks.corrected(node.input(2), maxima(node, x));
  const dX = float64(x.dims);
  chosen.forEach((position, i) => {
    dX.data[position] = (dX.data[position] as number) + (dY.data[i] as number);
  });
  return [dX];
};
