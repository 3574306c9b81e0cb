import { mul } from '../../graph/arithmetic.js';
import type { Value } from '../../graph/node.js';
import type { Body } from '../target.js';

// Y = relu(X) is never negative, so its sign is 1 where the gradient passes and 0 elsewhere
export const ReluGrad: Body = (g, _node, [dY, y]) => [mul(g, dY as Value, g.op('Sign', [y as Value]))];

export const Detach: Body = (_g, _node, [x]) => [x as Value];
