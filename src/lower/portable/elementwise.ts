import { indicator, mul } from '../../graph/arithmetic.js';
import { take } from '../../util/checked.js';
import type { Body } from '../target.js';

// dX = dY where Y > 0. A comparison and a cast have kernels everywhere; Sign, for one, has none on WebGPU.
export const ReluGrad: Body = (g, _node, inputs) => {
  const [dY, y] = take(inputs, 2);
  return [mul(g, dY, indicator(g, g.op('Greater', [y, g.scalar(0)])))];
};

// dX = dY where min < Y < max
export const ClipGrad: Body = (g, node, inputs) => {
  const [dY, y] = take(inputs, 2);
  const inside = (['Greater', 'Less'] as const).flatMap((op, i) => {
    const bound = i === 0 ? 'min' : 'max';
    return node.has(bound) ? [indicator(g, g.op(op, [y, g.scalar(node.number(bound))]))] : [];
  });
  return [inside.reduce((kept, mask) => mul(g, kept, mask), dY)];
};

export const Detach: Body = (_g, _node, inputs) => take(inputs, 1);
