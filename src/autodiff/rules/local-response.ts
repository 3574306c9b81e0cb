import { add, div, mul, reshape, scale, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node/node.js';
import type { Rule } from '../rule/rule.js';

// Y = X D^-beta, D = bias + alpha * mean of X^2 over the channels around:
// dX = dY D^-beta - 2 alpha beta X * mean of dY Y / D over the channels around
export const LRN: Rule = ({ g, node, dY }) => {
  const [x, y] = [node.input(0), node.output()];
  const [alpha, beta] = [node.number('alpha', 1e-4), node.number('beta', 0.75)];
  const around = scale(g, meanAround(g, node, mul(g, x, x)), alpha);
  const d = add(g, around, g.scalar(node.number('bias', 1)));
  const direct = mul(g, dY, g.op('Pow', [d, g.scalar(-beta)]));
  const shared = meanAround(g, node, div(g, mul(g, dY, y), d));
  return [sub(g, direct, mul(g, x, scale(g, shared, 2 * alpha * beta)))];
};

/**
 * The mean of `size` channels around each, with zeros before the first and past the last: an average along one axis of images
 * [N, 1, C, positions].
 */
function meanAround(g: Graph, node: Node, x: Value): Value {
  const size = node.number('size');
  if (size % 2 === 0) node.fail('size', 'odd, to be differentiated', String(size));
  const reach = (size - 1) / 2;
  const [channels = 1, ...spatial] = x.shape.slice(1).map((_, i) => node.size(0, i + 1));
  const positions = spatial.reduce((count, each) => count * each, 1);
  const plane = reshape(g, x, [-1, 1, channels, positions]);
  const pads = [reach, 0, reach, 0];
  const mean = g.op('AveragePool', [plane], { kernel_shape: [size, 1], pads, count_include_pad: 1 });
  return reshape(g, mean, [-1, channels, ...spatial]);
}
