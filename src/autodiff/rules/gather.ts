import { expandLike, reshape, reshapeTo } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { normaliseAxis } from '../../graph/node/axes.js';
import { product } from '../../graph/node/dim.js';
import type { Node, Value } from '../../graph/node/node.js';
import type { Rule } from '../rule/rule.js';

// dX = zeros, to which each slice of dY is added where it was taken from
export const Gather: Rule = ({ g, node, dY }) => {
  const [x, indices] = [node.input(0), node.input(1)];
  const axis = normaliseAxis(node, node.number('axis', 0), x.shape.length);
  const slices = alongOneAxis(g, node, dY, axis);
  const run = runOf(g, node, axis);
  if (run) return [padded(g, slices, axis, run.before, run.after), null];
  const flat = reshape(g, indices, [-1, ...x.shape.slice(axis + 1).map(() => 1)]);
  const zeros = expandLike(g, g.scalar(0), x);
  const places = expandLike(g, flat, slices);
  return [g.op('ScatterElements', [zeros, places, slices], { axis, reduction: 'add' }), null];
};

/** dY with the axes of the indices, which are any number, as one. */
function alongOneAxis(g: Graph, node: Node, dY: Value, axis: number): Value {
  const { shape } = node.input(1);
  if (shape.length === 1) return dY;
  if (shape.length === 0) return g.op('Unsqueeze', [dY, g.integers([axis])]);
  const merged = [...dY.shape.slice(0, axis), product(shape), ...dY.shape.slice(axis + shape.length)];
  const open = merged.filter((dim) => typeof dim !== 'number');
  return open.length > 1 ? node.fail('open sizes', 'at most one', open.join(', ')) : reshapeTo(g, dY, merged);
}

/** How much of the axis lies before and after the indices, where these are known and follow one another: such slices are only padded. */
function runOf(g: Graph, node: Node, axis: number): { before: number; after: number } | undefined {
  const known = g.knownIntegers.get(node.input(1));
  const size = node.input(0).shape[axis];
  if (!known?.length || typeof size !== 'number') return undefined;
  const indices = known.map((index) => (Number(index) < 0 ? Number(index) + size : Number(index)));
  const [before = 0] = indices;
  if (!indices.every((index, i) => index === before + i)) return undefined;
  const after = size - before - indices.length;
  if (before < 0 || after < 0) node.fail('indices', `-${size} to ${size - 1}`, known.join(', '));
  return { before, after };
}

function padded(g: Graph, x: Value, axis: number, before: number, after: number): Value {
  return g.op('Pad', [x, g.integers([before, after]), null, g.integers([axis])]);
}
