import { expandLike, reshapeTo } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { normaliseAxis, range } from '../../graph/node/axes.js';
import type { Node, Value } from '../../graph/node/node.js';

/** A value of a reduction's output shape, repeated along the axes that were reduced. */
export function spread(g: Graph, node: Node, value: Value): Value {
  const x = node.input(0);
  const axes = new Set(reducedAxes(g, node));
  const kept = x.shape.map((dim, i) => (axes.has(i) ? 1 : dim));
  return expandLike(g, reshapeTo(g, value, kept), x);
}

/** The axes that a reduction takes, from 0; they must be known. */
export function reducedAxes(g: Graph, node: Node): number[] {
  const rank = node.input(0).shape.length;
  const axes = node.inputs[1] ? g.knownIntegers.get(node.input(1)) : [];
  if (!axes) return node.fail('axes', 'constants');
  if (axes.length === 0) return node.number('noop_with_empty_axes', 0) === 1 ? [] : range(rank);
  return axes.map((axis) => normaliseAxis(node, Number(axis), rank));
}
