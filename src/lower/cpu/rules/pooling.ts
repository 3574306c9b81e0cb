import { reshape } from '../../../graph/arithmetic.js';
import { sameShape } from '../../../graph/node/dim.js';
import { NCHWC, type Value } from '../../../graph/node/node.js';
import { sizesOf } from '../../../graph/node/sizes.js';
import { windowAttributes, windowOf } from '../../../graph/node/window.js';
import { elementCount } from '../../../onnx/tensor.js';
import { mapTuple } from '../../../util/checked.js';
import { blockedGlobalAverage } from '../blocked/blocked.js';
import type { LayoutRule } from '../blocked/layout.js';
import { isEvenlyPooled, maxPoolGrad } from '../blocked/max-pool-grad.js';
import { cropTo, padTo, wholeBlocks } from '../blocked/ragged.js';

/** One position is left: blocked and plain bytes are the same. */
export const GlobalAveragePool: LayoutRule = (node, layout) => {
  const x = node.input(0);
  if (!layout.isBlocked(x)) return undefined;
  const { g } = layout;
  return [{ plain: cropTo(g, blockedGlobalAverage(g, layout.blocked(x)), sizesOf(x, 2)) }];
};

export const MaxPool: LayoutRule = (node, layout) => {
  const x = node.input(0);
  if (!layout.isBlocked(x) || node.outputs.length > 1 || node.number('ceil_mode', 0) === 1) return undefined;
  const kernel = node.numbers('kernel_shape');
  const attributes = { ...windowAttributes(windowOf(node, x, kernel)), kernel_shape: kernel };
  return [{ blocked: layout.g.op('MaxPool', [layout.blocked(x)], attributes, { domain: NCHWC }) }];
};

/** dX of MaxPool in blocks; where the windows don't fit evenly, ONNX Runtime names the first maximum's position, and dY is added there. */
export const MaxPoolGrad: LayoutRule = (node, layout) => {
  const [dY, x, y] = [node.input(0), node.input(1), node.input(2)];
  const kernel = node.numbers('kernel_shape');
  if (kernel.length === 2 && layout.isBlocked(x)) {
    const window = windowOf(node, x, kernel);
    const images = mapTuple([x, y, dY], (value) => layout.blocked(value));
    if (isEvenlyPooled(window, x, y)) return [{ blocked: maxPoolGrad(layout.g, window, ...images, layout.block) }];
  }
  const sizes = x.shape;
  if (!sizes.every((size) => typeof size === 'number')) return undefined;
  const { g } = layout;
  const [, positions] = g.ops('MaxPool', [layout.plain(x)], node.attributes, { outputs: 2 });
  const flat = (value: Value) => reshape(g, value, [-1]);
  const zeros = g.op('Expand', [g.scalar(0), g.integers([elementCount(sizes)])]);
  const updates = [flat(positions), flat(layout.plain(dY))];
  const sums = g.op('ScatterElements', [zeros, ...updates], { axis: 0, reduction: 'add' });
  return [{ plain: reshape(g, sums, sizes) }];
};

/** Spreads one number a channel [N, C, 1, 1] over all positions, straight into the blocked layout. */
export const Expand: LayoutRule = (node, layout) => {
  const [x, y] = [node.input(0), node.output()];
  const single = x.shape.length === 4 && sameShape(x.shape, [...y.shape.slice(0, 2), 1, 1]);
  if (!layout.canBlock(y) || !single) return undefined;
  const { g, block } = layout;
  const [n, channels, height, width] = sizesOf(y, 4);
  const whole = wholeBlocks(channels, block);
  const rows = reshape(g, padTo(g, layout.plain(x), [n, whole]), [-1, 1, block]);
  const spread = g.op('Expand', [rows, g.integers([(n * whole) / block, height * width, block])]);
  return [{ blocked: reshape(g, spread, [n, whole, height, width]) }];
};
