import type { Body } from '../../lower/target.js';

export const ReluGrad: Body = (g, _node, [dY, y]) => [g.microsoft('ReluGrad', [dY ?? null, y ?? null])];
