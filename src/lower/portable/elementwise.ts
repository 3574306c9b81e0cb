import { indicator, mul } from '../../graph/arithmetic.js';
import type { Value } from '../../graph/node/node.js';
import type { Body } from '../target.js';

// dX = dY where Y > 0. A comparison and a cast have kernels everywhere; Sign, for one, has none on WebGPU.
export const ReluGrad: Body = (g, _node, [dY, y]) => {
  return [mul(g, dY as Value, indicator(g, g.op('Greater', [y as Value, g.scalar(0)])))];
};

// dX = dY where min < Y < max
export const ClipGrad: Body = (g, node, [dY, y]) => {
  const inside = (['Greater', 'Less'] as const).flatMap((op, i) => {
    const bound = i === 0 ? 'min' : 'max';
    return node.has(bound) ? [indicator(g, g.op(op, [y as Value, g.scalar(node.number(bound))]))] : [];
  });
  return [inside.reduce((kept, mask) => mul(g, kept, mask), dY as Value)];
};

export const Detach: Body = (_g, _node, [x]) => [x as Value];
