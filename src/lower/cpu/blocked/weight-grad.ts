import { reshape, transpose } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node/node.js';
import { sizeOf } from '../../../graph/node/sizes.js';
import { take } from '../../../util/checked.js';
import { flattenedWeightGrad } from '../../flattened.js';
import type { Geometry } from '../../geometry.js';
import { type Blocked, channelsFirst, channelsLast, fromBlocked, isBlockable, sumRows } from './blocked.js';
import { directWeightGrad, imagesPerGroup, rowsForKernels, rowsOfImage } from './direct-weight-grad.js';
import type { Form } from './forms.js';

/** The ways to dW [K, C, kh, kw] from X, blocked or of few channels and plain, and blocked dY; the first is usually the fastest. */
export function weightGradForms(geometry: Geometry, x: Value, dY: Blocked, block: number): Record<string, Form> {
  const images = imagesPerGroup(geometry, x, dY, block);
  const options = { block, images: images ?? 1 };
  const pointwise = isBlockable(x, block) && isPointwise(geometry) && geometry.strides.every((stride) => stride === 1);
  const direct: Form = (g, inputs) => {
    const form = pointwise ? pointwiseDirectForm : directForm;
    return form(g, geometry, ...take(inputs, 2), options);
  };
  return {
    ...(images !== undefined && { direct }),
    ...(pointwise
      ? {
          images: (g, inputs) => pointwiseForm(g, ...take(inputs, 2)),
          rows: (g, inputs) => pointwiseRowsForm(g, ...take(inputs, 2), block),
        }
      : { flattened: (g, inputs) => flattenedForm(g, geometry, ...take(inputs, 2), block) }),
  };
}

interface Direct {
  readonly block: number;
  readonly images: number;
}

function directForm(g: Graph, geometry: Geometry, x: Value, dY: Blocked, direct: Direct): Value {
  const rows = isBlockable(x, direct.block)
    ? rowsForKernels(g, geometry, x, dY, direct.block)
    : rowsOfImage(g, geometry, x, dY);
  return channelsFirst(g, directWeightGrad(g, geometry, rows, dY, direct), direct.block);
}

/** The same of a 1x1 convolution, where X and dY may change places: the one of fewer channels is cheaper to have channels last. */
function pointwiseDirectForm(g: Graph, geometry: Geometry, x: Blocked, dY: Blocked, direct: Direct): Value {
  const [inputs, outputs] = [sizeOf(x, 1), sizeOf(dY, 1)];
  if (inputs <= outputs) return directForm(g, geometry, x, dY, direct);
  const swapped = directWeightGrad(g, geometry, channelsLast(g, dY, direct.block), x, direct);
  return reshape(g, transpose(g, reshape(g, swapped, [inputs, outputs]), [1, 0]), [outputs, inputs, 1, 1]);
}

function flattenedForm(g: Graph, geometry: Geometry, x: Value, dY: Blocked, block: number): Value {
  const rows = isBlockable(x, block) ? channelsLast(g, x, block) : transpose(g, x, [0, 2, 3, 1]);
  const taps = flattenedWeightGrad(g, geometry, rows, transpose(g, fromBlocked(g, dY), [1, 0, 2, 3]));
  return channelsFirst(g, taps, block);
}

/** dW of a 1x1 convolution: dY X^T for each image, added up. */
function pointwiseForm(g: Graph, x: Blocked, dY: Blocked): Value {
  const flat = (value: Blocked) => reshape(g, fromBlocked(g, value), [0, sizeOf(value, 1), -1]);
  const products = g.microsoft('FusedMatMul', [flat(dY), flat(x)], { transB: 1 });
  const [outputs, inputs] = [sizeOf(dY, 1), sizeOf(x, 1)];
  return reshape(g, sumRows(g, reshape(g, products, [-1, outputs * inputs])), [outputs, inputs, 1, 1]);
}

/** dW of a 1x1 convolution: one product over all positions of all images, with channels last. */
function pointwiseRowsForm(g: Graph, x: Blocked, dY: Blocked, block: number): Value {
  const rows = (value: Blocked) => reshape(g, channelsLast(g, value, block), [-1, sizeOf(value, 1)]);
  const product = g.microsoft('FusedMatMul', [rows(dY), rows(x)], { transA: 1 });
  return reshape(g, product, [sizeOf(dY, 1), sizeOf(x, 1), 1, 1]);
}

/** Whether a convolution has a 1x1 kernel and no padding. */
export function isPointwise({ kernel, begin, end }: Geometry): boolean {
  return kernel.every((size) => size === 1) && [...begin, ...end].every((pad) => pad === 0);
}
