import { add, div, mul, reshape, sub } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/node/node.js';

/** The convolutions whose result nothing but one normalisation with its running statistics takes, by that. */
export function foldableNorms(graph: Graph): Map<Node, Node> {
  const users = new Map<Value, number>();
  for (const value of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()]) {
    if (value) users.set(value, (users.get(value) ?? 0) + 1);
  }
  return new Map(
    graph.nodes.flatMap((norm): [Node, Node][] => {
      const conv = norm.op === 'BatchNormalization' && norm.domain === '' ? graph.producer(norm.input(0)) : undefined;
      return conv?.op === 'Conv' && conv.domain === '' && users.get(conv.output()) === 1 ? [[norm, conv]] : [];
    }),
  );
}

/**
 * A convolution with its weights times s = weight / sqrt(variance + epsilon) and the bias shifted by bias - mean * s, in place of itself
 * and a normalisation behind it: the same in one pass over the map.
 *
 * @param convInputs - Of the convolution, in the graph that it is added to.
 * @param normInputs - Of the normalisation, likewise; the first is of no use.
 */
export function foldNorm(
  g: Graph,
  [norm, conv]: readonly [norm: Node, conv: Node],
  [x, w, convBias]: readonly (Value | null | undefined)[],
  [, weight, bias, mean, variance]: readonly (Value | null | undefined)[],
): Value | undefined {
  if (!x || !w || !weight || !bias || !mean || !variance) return undefined;
  return g.within(`${norm.name}/folded`, () => {
    const s = div(g, weight, g.op('Sqrt', [add(g, variance, g.scalar(norm.number('epsilon', 1e-5)))]));
    const shift = sub(g, bias, mul(g, mean, s));
    const weights = mul(g, w, reshape(g, s, [-1, ...w.shape.slice(1).map(() => 1)]));
    return g.op('Conv', [x, weights, convBias ? add(g, mul(g, convBias, s), shift) : shift], conv.attributes);
  });
}
