import type { Body } from '../target.js';

export const ReluGrad: Body = (g, _node, [dY, y]) => [g.microsoft('ReluGrad', [dY ?? null, y ?? null])];
