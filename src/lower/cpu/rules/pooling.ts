import { reshape } from '../../../graph/arithmetic.js';
import { blockedGlobalAverage } from '../blocked.js';
import type { LayoutRule } from '../layout.js';

/** One position is left: blocked and plain bytes are the same. */
export const GlobalAveragePool: LayoutRule = (node, layout) => {
  const x = node.input(0);
  return layout.isBlocked(x) ? [{ plain: blockedGlobalAverage(layout.g, layout.blocked(x)) }] : undefined;
};

/** Spreads one number a channel [N, C, 1, 1] over all positions, straight into the blocked layout. */
export const Expand: LayoutRule = (node, layout) => {
  const [x, y] = [node.input(0), node.output()];
  const [n, channels, height, width] = y.shape as readonly number[];
  const single =
    x.shape.length === 4 && x.shape[2] === 1 && x.shape[3] === 1 && x.shape[1] === channels && x.shape[0] === n;
  if (!layout.canBlock(y) || !single) return undefined;
  const { g, block } = layout;
  const rows = reshape(g, layout.plain(x), [-1, 1, block]);
  const sizes = [(Number(n) * Number(channels)) / block, Number(height) * Number(width), block];
  const spread = g.op('Expand', [rows, g.integers(sizes)]);
  return [{ blocked: reshape(g, spread, [Number(n), Number(channels), Number(height), Number(width)]) }];
};
