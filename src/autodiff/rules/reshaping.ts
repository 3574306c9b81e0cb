import { reduceSum, reshape, reshapeTo, shapeOf, transpose } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { inversePermutation, normaliseAxis, range } from '../../graph/node/axes.js';
import { formatShape } from '../../graph/node/dim.js';
import type { Node, Value } from '../../graph/node/node.js';
import { clampSlice, slicesOf } from '../../graph/node/slices.js';
import { mapTuple } from '../../util/checked.js';
import { notDifferentiable, type Rule } from '../rule/rule.js';

/** dX = dY in X's shape. */
const reshapeBack: Rule = ({ g, node, dY }) => {
  const { shape } = node.input(0);
  const symbols = shape.filter((dim) => typeof dim !== 'number').length;
  return [symbols > 1 ? g.op('Reshape', [dY, shapeOf(g, node.input(0))]) : reshapeTo(g, dY, shape), null];
};

export const Reshape = reshapeBack;
export const Flatten = reshapeBack;
export const Squeeze = reshapeBack;
export const Unsqueeze = reshapeBack;

// dX = dY with its axes back in place
export const Transpose: Rule = ({ g, node, dY }) => {
  const rank = dY.shape.length;
  const perm = node.numbers('perm', range(rank).reverse());
  return [transpose(g, dY, inversePermutation(perm))];
};

// dX_i = the i-th part of dY
export const Concat: Rule = ({ g, node, dY }) => {
  const axis = normaliseAxis(node, node.number('axis'), dY.shape.length);
  const sizes = node.inputs.map((_, i) => node.size(i, axis));
  return g.ops('Split', [dY, g.integers(sizes)], { axis }, { outputs: sizes.length });
};

// dX = the parts' gradients side by side, zeros for parts that weren't used
export const Split: Rule = ({ g, node, gradients }) => {
  const axis = normaliseAxis(node, node.number('axis', 0), node.input(0).shape.length);
  const parts = node.outputs.map((part, i) => gradients[i] ?? zerosLike(g, part));
  return [g.op('Concat', parts, { axis }), null];
};

// dX = dY put back in its place, zeros elsewhere
export const Slice: Rule = ({ g, node, dY }) => {
  const slices = slicesOf({ node, integers: (i) => integersOf(g, node, i) }).map(({ axis, start, end, step }) => {
    if (start === 0 && step === 1 && end === node.input(0).shape[axis]) return undefined;
    const size = node.size(0, axis);
    const [from, to] = clampSlice(start, Number(end), step, size);
    return { axis, size, step, ...(step > 0 ? { from, to } : { from: to + 1, to: from + 1 }) };
  });
  let gradient = dY;
  for (const slice of slices) {
    if (!slice) continue;
    const stretched = stretch(
      g,
      slice.step < 0 ? flip(g, gradient, slice.axis) : gradient,
      slice.axis,
      Math.abs(slice.step),
    );
    const first = slice.step > 0 ? slice.from : slice.to - 1 - (Number(stretched.shape[slice.axis]) - 1);
    gradient = padAxis(g, stretched, slice.axis, first, slice.size - first - Number(stretched.shape[slice.axis]));
  }
  return [gradient];
};

// dX = dY without the padding
export const Pad: Rule = ({ g, node, dY }) => {
  if (node.string('mode', 'constant') !== 'constant')
    node.fail('mode', 'constant, to be differentiated', node.string('mode'));
  const rank = dY.shape.length;
  const pads = integersOf(g, node, 1);
  const axes = node.inputs[3] ? integersOf(g, node, 3).map((axis) => normaliseAxis(node, axis, rank)) : range(rank);
  const opposite = g.integers(pads.map((pad) => -pad || 0));
  return [g.op('Pad', [dY, opposite, null, g.integers(axes)])];
};

/** The walk sums back to X's shape. */
export const Expand: Rule = ({ dY }) => [dY, null];

// dX = dY summed over the repeats
export const Tile: Rule = ({ g, node, dY }) => {
  const repeats = integersOf(g, node, 1);
  const split = node.sizes(0).flatMap((size, i) => [repeats[i] ?? 1, size]);
  return [
    reduceSum(
      g,
      reshape(g, dY, split),
      repeats.map((_, i) => 2 * i),
    ),
    null,
  ];
};

export const Shape = notDifferentiable;
export const Size = notDifferentiable;
export const ConstantOfShape = notDifferentiable;
export const OneHot = notDifferentiable;

function integersOf(g: Graph, node: Node, i: number): readonly number[] {
  const values = g.knownIntegers.get(node.input(i));
  if (values?.every((value) => typeof value === 'number')) return values;
  return node.fail(`input ${i}`, 'constant integers', values ? formatShape(values) : 'computed values');
}

function zerosLike(g: Graph, value: Value): Value {
  return g.op('ConstantOfShape', [shapeOf(g, value)]);
}

function flip(g: Graph, x: Value, axis: number): Value {
  const [start, end, step] = mapTuple([-1, -(2 ** 31), -1], (number) => g.integers([number]));
  return g.op('Slice', [x, start, end, g.integers([axis]), step]);
}

/** Puts step - 1 zeros between neighbours along an axis. */
function stretch(g: Graph, x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const count = Number(x.shape[axis]);
  const widened = padAxis(g, g.op('Unsqueeze', [x, g.integers([axis + 1])]), axis + 1, 0, step - 1);
  const merged = widened.shape.flatMap((dim, i) => (i === axis ? [count * step] : i === axis + 1 ? [] : [dim]));
  const joined = reshapeTo(g, widened, merged);
  return padAxis(g, joined, axis, 0, 1 - step);
}

function padAxis(g: Graph, x: Value, axis: number, before: number, after: number): Value {
  if (before === 0 && after === 0) return x;
  return g.op('Pad', [x, g.integers([before, after]), null, g.integers([axis])]);
}
