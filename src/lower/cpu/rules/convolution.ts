import { mul, reshape } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node/node.js';
import { sizeOf, sizesOf } from '../../../graph/node/sizes.js';
import { windowAttributes, windowOf } from '../../../graph/node/window.js';
import { type Geometry, geometryOf, inputGradPads } from '../../geometry.js';
import { blockedConv, type Extras, subsample } from '../blocked/blocked.js';
import { blockInputGradWeights, blockOutputs, blockWeights } from '../blocked/blocked-weights.js';
import { depthwiseWeightGrad } from '../blocked/depthwise-weight-grad.js';
import { formKey } from '../blocked/forms.js';
import type { Layout, LayoutRule, Placed } from '../blocked/layout.js';
import { isEvenlyStrided, phasedInputGrad } from '../blocked/phases.js';
import { cropTo, fillsBlocks, padTo } from '../blocked/ragged.js';
import { shiftedConv } from '../blocked/shifted.js';
import { isPointwise, weightGradForms } from '../blocked/weight-grad.js';

export const Conv: LayoutRule = (node, layout) => {
  const [x, w] = [node.input(0), node.input(1)];
  const group = node.number('group', 1);
  const kind = kindOf(layout, w, group);
  if (!kind || x.shape.length !== 4) return undefined;
  const { g, block } = layout;
  const kernel = node.sizes(1).slice(2);
  const image = kind === 'image' ? layout.plain(x) : layout.blocked(x);
  const weights = layout.plain(w);
  const ordered = kind === 'full' ? blockWeights(g, weights, block) : blockOutputs(g, weights, block);
  const bias = node.inputs[2] ? padTo(g, layout.plain(node.input(2)), [sizeOf(ordered, 0)]) : null;
  const groups = kind === 'depthwise' ? sizeOf(image, 1) : 1;
  const attributes = { ...windowAttributes(windowOf(node, x, kernel)), kernel_shape: kernel, group: groups };
  if (isShifted(layout, node.output())) return [{ shifted: shiftedConv(g, [image, ordered, bias], attributes) }];
  return [{ blocked: blockedConv(g, [image, ordered, bias], attributes) }];
};

/** Stride 1: a blocked convolution of dY with the reversed kernel. Larger strides: one for each phase of X's positions. */
export const ConvInputGrad: LayoutRule = (node, layout) => {
  const [dY, w] = [node.input(0), node.input(1)];
  const geometry = geometryOf(node);
  const { kernel, strides, dilations, group } = geometry;
  const pads = inputGradPads(geometry);
  const kind = kindOf(layout, w, group);
  if (!kind || kind === 'image' || pads.some((pad) => pad < 0)) return undefined;
  if (isStrided(geometry) && !isEvenlyStrided(geometry, dY, node.numbers('input_size'))) return undefined;
  const { g, block } = layout;
  const { blocked: image, factor } = layout.scaled(dY);
  const factored = timesOutputs(g, layout.plain(w), factor);
  if (isStrided(geometry)) return [{ phased: phasedInputGrad(g, geometry, image, factored, block) }];
  const weights = blockInputGradWeights(g, factored, group, block);
  const groups = kind === 'depthwise' ? sizeOf(image, 1) : 1;
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group: groups };
  return [{ pending: { build: (extras: Extras) => blockedConv(g, [image, weights], attributes, extras) } }];
};

export const ConvWeightGrad: LayoutRule = (node, layout) => {
  const [x, dY] = [node.input(0), node.input(1)];
  const geometry = geometryOf(node);
  if (geometry.kernel.length !== 2 || !layout.isBlocked(dY)) return undefined;
  if (geometry.group > 1) return depthwise(layout, geometry, x, dY);
  const { g, block } = layout;
  const { blocked: gradient, factor } = layout.scaled(dY);
  const image = layout.canBlock(x) ? layout.blocked(x) : layout.plain(x);
  const key = formKey(node.op, [image, gradient], node.attributes);
  const thinned = isPointwise(geometry) && isStrided(geometry) && layout.canBlock(x);
  const seen = thinned ? subsample(g, image, geometry.strides) : image;
  const forms = weightGradForms(thinned ? { ...geometry, strides: [1, 1] } : geometry, seen, gradient, block);
  const whole = layout.choose({ key, forms }, [seen, gradient]);
  return [{ plain: timesOutputs(g, cropTo(g, whole, sizesOf(node.output(), 2)), factor) }];
};

function depthwise(layout: Layout, geometry: Geometry, x: Value, dY: Value): Placed[] | undefined {
  if (!layout.canBlock(x) || x.shape[1] !== geometry.group || dY.shape[1] !== geometry.group) return undefined;
  const { blocked: gradient, factor } = layout.scaled(dY);
  const taps = depthwiseWeightGrad(layout.g, geometry, layout.blocked(x), gradient);
  return taps && [{ plain: timesOutputs(layout.g, cropTo(layout.g, taps, [geometry.group]), factor) }];
}

/** Weights [K, ...] times a factor [K], if there is one. */
function timesOutputs(g: Graph, w: Value, factor: Value | undefined): Value {
  return factor ? mul(g, w, reshape(g, factor, [-1, ...w.shape.slice(1).map(() => 1)])) : w;
}

/** The least images of which one more costs less than another pass over all. */
const LEAST_IMAGES = 8;

/** Whether a convolution's output is only normalised, so that it may be shifted as it is made. */
function isShifted(layout: Layout, output: Value): boolean {
  const normalised = { BatchNormTraining: 0, BatchNormTrainingGrad: 1 };
  return sizeOf(output, 0) >= LEAST_IMAGES && layout.onlyFeeds(output, normalised);
}

function isStrided({ strides }: Geometry): boolean {
  return strides.some((stride) => stride > 1);
}

/** How a convolution with weights [K, C / group, ...] goes in blocks: all of it, from an unblocked image, or depthwise. */
function kindOf({ block }: Layout, w: Value, group: number): 'full' | 'image' | 'depthwise' | undefined {
  const [k, c] = sizesOf(w, 2);
  if (w.shape.length !== 4 || !fillsBlocks(k, block)) return undefined;
  if (group === 1) return fillsBlocks(c, block) ? 'full' : c < block ? 'image' : undefined;
  return c === 1 && k === group ? 'depthwise' : undefined;
}
