import { reduceSum, reshape, transpose } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node.js';
import { windowAttributes, windowOf } from '../../../graph/window.js';
import { flattenedWeightGrad } from '../../flattened.js';
import { type Geometry, geometryOf, inputGradPads } from '../../geometry.js';
import { swapAndReverse } from '../../weights.js';
import { blockedConv, blockOutputs, blockWeights, type Extras, fromBlocked, subsample } from '../blocked.js';
import type { Layout, LayoutRule } from '../layout.js';
import { stackedWeightGrad } from '../stacked.js';

export const Conv: LayoutRule = (node, layout) => {
  const [x, w] = [node.input(0), node.input(1)];
  const group = node.number('group', 1);
  const form = formOf(layout, w, group);
  if (!form || x.shape.length !== 4) return undefined;
  const { g, block } = layout;
  const kernel = node.sizes(1).slice(2);
  const image = form === 'image' ? layout.plain(x) : layout.blocked(x);
  const weights = form === 'full' ? blockWeights(g, layout.plain(w), block) : blockOutputs(g, layout.plain(w), block);
  const bias = node.inputs[2] ? layout.plain(node.input(2)) : null;
  const attributes = { ...windowAttributes(windowOf(node, x, kernel)), kernel_shape: kernel, group };
  return [{ blocked: blockedConv(g, [image, weights, bias], attributes) }];
};

/** Stride 1: a blocked convolution of dY with the reversed kernel. Larger strides leave the layout for ConvTranspose. */
export const ConvInputGrad: LayoutRule = (node, layout) => {
  const [dY, w] = [node.input(0), node.input(1)];
  const { kernel, strides, dilations, group } = geometryOf(node);
  const pads = inputGradPads(geometryOf(node));
  const direct = strides.every((stride) => stride === 1) && pads.every((pad) => pad >= 0);
  const form = formOf(layout, w, group);
  if (!direct || !form || form === 'image') return undefined;
  const { g, block } = layout;
  const reversed = swapAndReverse(g, layout.plain(w), group);
  const weights = form === 'full' ? blockWeights(g, reversed, block) : blockOutputs(g, reversed, block);
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group };
  const image = layout.blocked(dY);
  return [{ pending: { build: (extras: Extras) => blockedConv(g, [image, weights], attributes, extras) } }];
};

export const ConvWeightGrad: LayoutRule = (node, layout) => {
  const [x, dY] = [node.input(0), node.input(1)];
  const geometry = geometryOf(node);
  if (geometry.kernel.length !== 2 || !layout.isBlocked(dY)) return undefined;
  const { g, block } = layout;
  if (geometry.group > 1) {
    const depthwise = layout.canBlock(x) && x.shape[1] === geometry.group && dY.shape[1] === geometry.group;
    const stacked = depthwise && stackedWeightGrad(g, geometry, layout.blocked(x), layout.blocked(dY), block);
    return stacked ? [{ plain: stacked }] : undefined;
  }
  if (isPointwise(geometry)) {
    const { strides } = geometry;
    const strided = strides.some((stride) => stride > 1);
    const seen =
      strided && layout.isBlocked(x) ? fromBlocked(g, subsample(g, layout.blocked(x), strides)) : layout.plain(x);
    if (seen.shape[2] === dY.shape[2] && seen.shape[3] === dY.shape[3])
      return [{ plain: pointwiseWeightGrad(g, seen, layout.plain(dY)) }];
  }
  const rows = layout.isBlocked(x)
    ? fromBlocked(g, layout.blocked(x), true)
    : transpose(g, layout.plain(x), [0, 2, 3, 1]);
  const kernels = transpose(g, layout.plain(dY), [1, 0, 2, 3]);
  return [{ plain: flattenedWeightGrad(g, geometry, rows, kernels) }];
};

/** dW of a 1x1 convolution: dY X^T for each image, added up. */
function pointwiseWeightGrad(g: Graph, x: Value, dY: Value): Value {
  const flat = (value: Value) => reshape(g, value, [0, Number(value.shape[1]), -1]);
  const products = g.microsoft('FusedMatMul', [flat(dY), flat(x)], { transB: 1 });
  const sum = reduceSum(g, products, [0]);
  return reshape(g, sum, [Number(dY.shape[1]), Number(x.shape[1]), 1, 1]);
}

function isPointwise({ kernel, begin, end }: Geometry): boolean {
  return kernel.every((size) => size === 1) && [...begin, ...end].every((pad) => pad === 0);
}

/** How a convolution with weights [K, C / group, ...] goes in blocks: all of it, from an unblocked image, or depthwise. */
function formOf({ block }: Layout, w: Value, group: number): 'full' | 'image' | 'depthwise' | undefined {
  const [k, c] = w.shape as readonly number[];
  if (w.shape.length !== 4 || Number(k) % block !== 0) return undefined;
  if (group === 1) return Number(c) % block === 0 ? 'full' : Number(c) < block ? 'image' : undefined;
  return c === 1 && k === group ? 'depthwise' : undefined;
}
