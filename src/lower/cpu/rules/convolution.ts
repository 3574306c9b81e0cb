import { transpose } from '../../../graph/arithmetic.js';
import type { Node, Value } from '../../../graph/node.js';
import { windowAttributes, windowOf } from '../../../graph/window.js';
import { flattenedWeightGrad } from '../../flattened.js';
import { type Geometry, geometryOf, inputGradPads } from '../../geometry.js';
import { transposedInputGrad } from '../../transposed.js';
import { blockedConv, type Extras, fromBlocked, subsample, toBlocked } from '../blocked.js';
import { blockInputGradWeights, blockOutputs, blockWeights } from '../blocked-weights.js';
import { depthwiseWeightGrad } from '../depthwise-weight-grad.js';
import { type Form, formKey } from '../forms.js';
import type { Layout, LayoutRule, Placed } from '../layout.js';
import { isEvenlyStrided, phasedInputGrad, stuffedInputGrad } from '../strided-input-grad.js';
import {
  canShiftRows,
  flattenedForm,
  imagewiseForm,
  isPointwise,
  pointwiseForm,
  pointwiseRowsForm,
  shiftedRowsForm,
} from '../weight-grad.js';

export const Conv: LayoutRule = (node, layout) => {
  const [x, w] = [node.input(0), node.input(1)];
  const group = node.number('group', 1);
  const kind = kindOf(layout, w, group);
  if (!kind || x.shape.length !== 4) return undefined;
  const { g } = layout;
  const kernel = node.sizes(1).slice(2);
  const attributes = { ...windowAttributes(windowOf(node, x, kernel)), kernel_shape: kernel, group };
  const bias = node.inputs[2] ? layout.plain(node.input(2)) : null;
  const image = kind === 'image' ? layout.plain(x) : layout.blocked(x);
  const weights = layout.plain(w);
  const ordered = kind === 'full' ? blockWeights(g, weights) : blockOutputs(g, weights);
  return [{ blocked: blockedConv(g, [image, ordered, bias], attributes) }];
};

/** Stride 1: a blocked convolution of dY with the reversed kernel. Larger strides have several forms. */
export const ConvInputGrad: LayoutRule = (node, layout) => {
  const [dY, w] = [node.input(0), node.input(1)];
  const geometry = geometryOf(node);
  const { kernel, strides, dilations, group } = geometry;
  const pads = inputGradPads(geometry);
  const kind = kindOf(layout, w, group);
  if (!kind || kind === 'image' || pads.some((pad) => pad < 0)) return undefined;
  if (strides.some((stride) => stride > 1)) return stridedInputGrad(node, layout, geometry);
  const { g, block } = layout;
  const weights = blockInputGradWeights(g, layout.plain(w), group, block);
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group };
  const image = layout.blocked(dY);
  return [{ pending: { build: (extras: Extras) => blockedConv(g, [image, weights], attributes, extras) } }];
};

export const ConvWeightGrad: LayoutRule = (node, layout) => {
  const [x, dY] = [node.input(0), node.input(1)];
  const geometry = geometryOf(node);
  if (geometry.kernel.length !== 2 || !layout.isBlocked(dY)) return undefined;
  const { g } = layout;
  if (geometry.group > 1) {
    const depthwise = layout.canBlock(x) && x.shape[1] === geometry.group && dY.shape[1] === geometry.group;
    const taps = depthwise && depthwiseWeightGrad(g, geometry, layout.blocked(x), layout.blocked(dY));
    return taps ? [{ plain: taps }] : undefined;
  }
  if (!layout.canBlock(x)) {
    const rows = transpose(g, layout.plain(x), [0, 2, 3, 1]);
    return [{ plain: flattenedWeightGrad(g, geometry, rows, transpose(g, layout.plain(dY), [1, 0, 2, 3])) }];
  }
  const seen =
    isPointwise(geometry) && isStrided(geometry)
      ? subsample(g, layout.blocked(x), geometry.strides)
      : layout.blocked(x);
  const image = layout.blocked(dY);
  const forms = weightGradForms(geometry, seen, image);
  return [{ plain: layout.choose({ key: formKey(node.op, [seen, image], node.attributes), forms }, [seen, image]) }];
};

function weightGradForms(geometry: Geometry, x: Value, dY: Value): Record<string, Form> {
  if (isPointwise(geometry) && x.shape[2] === dY.shape[2] && x.shape[3] === dY.shape[3]) {
    return {
      images: (g, [a, b]) => pointwiseForm(g, fromBlocked(g, a as Value), fromBlocked(g, b as Value)),
      rows: (g, [a, b]) => pointwiseRowsForm(g, a as Value, b as Value),
    };
  }
  return {
    flattened: (g, [a, b]) => flattenedForm(g, geometry, a as Value, b as Value),
    imagewise: (g, [a, b]) => imagewiseForm(g, geometry, a as Value, b as Value),
    ...(canShiftRows(geometry, x, dY) && {
      'shifted-rows': (g, [a, b]) => shiftedRowsForm(g, geometry, a as Value, b as Value),
    }),
  };
}

function stridedInputGrad(node: Node, layout: Layout, geometry: Geometry): Placed[] | undefined {
  const [dY, w] = [node.input(0), node.input(1)];
  const sizes = node.numbers('input_size');
  if (!isEvenlyStrided(geometry, dY, sizes)) return undefined;
  const { block } = layout;
  const transposed: Form = (g, [a, b]) => {
    return toBlocked(g, transposedInputGrad(g, geometry, sizes, fromBlocked(g, a as Value), b as Value));
  };
  const stuffed: Form = (g, [a, b]) => stuffedInputGrad(g, geometry, a as Value, b as Value, block);
  const phased: Form = (g, [a, b]) => phasedInputGrad(g, geometry, a as Value, b as Value, block);
  const forms: Record<string, Form> = geometry.group === 1 ? { transposed, phased } : { stuffed, transposed };
  const inputs = [layout.blocked(dY), layout.plain(w)];
  return [{ blocked: layout.choose({ key: formKey(node.op, inputs, node.attributes), forms }, inputs) }];
}

function isStrided({ strides }: Geometry): boolean {
  return strides.some((stride) => stride > 1);
}

/** How a convolution with weights [K, C / group, ...] goes in blocks: all of it, from an unblocked image, or depthwise. */
function kindOf({ block }: Layout, w: Value, group: number): 'full' | 'image' | 'depthwise' | undefined {
  const [k, c] = w.shape as readonly number[];
  if (w.shape.length !== 4 || Number(k) % block !== 0) return undefined;
  if (group === 1) return Number(c) % block === 0 ? 'full' : Number(c) < block ? 'image' : undefined;
  return c === 1 && k === group ? 'depthwise' : undefined;
}
