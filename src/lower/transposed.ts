import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { sizeOf } from '../graph/node/sizes.js';
import { at } from '../util/checked.js';
import { type Geometry, reach } from './geometry.js';

/** dX [N, C, ...sizes] as the transposed convolution of dY with W: any stride, padding, dilation and group. */
export function transposedInputGrad(
  g: Graph,
  geometry: Geometry,
  sizes: readonly number[],
  dY: Value,
  w: Value,
): Value {
  const { kernel, strides, dilations, begin, end, group } = geometry;
  const extra = sizes.map((size, i) => {
    const made = (sizeOf(dY, i + 2) - 1) * at(strides, i) + reach(geometry, i) + 1 - at(begin, i) - at(end, i);
    return size - made;
  });
  const pads = [...begin, ...end];
  return g.op('ConvTranspose', [dY, w], {
    kernel_shape: kernel,
    strides,
    dilations,
    group,
    pads,
    output_padding: extra,
  });
}
