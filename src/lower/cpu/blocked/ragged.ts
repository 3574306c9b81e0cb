import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node/node.js';

/*
 * Channels that are no whole number of blocks: blocked, they are followed by others that nothing reads. Those are zero at first and
 * stay finite, as what belongs to them in weights, scales and shifts is zero.
 */

/** The least share of its blocks that is worth to be blocked. */
const LEAST_SHARE = 0.7;

/** How many channels the blocks of these have room for. */
export function wholeBlocks(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}

/** Whether channels fill their blocks well enough. */
export function fillsBlocks(channels: number, block: number): boolean {
  return channels >= LEAST_SHARE * wholeBlocks(channels, block);
}

/** The first axes of a tensor up to these sizes, with zeros. */
export function padTo(g: Graph, x: Value, sizes: readonly number[]): Value {
  const missing = sizes.map((size, axis) => size - Number(x.shape[axis]));
  if (missing.every((count) => count === 0)) return x;
  const pads = [...missing.map(() => 0), ...missing];
  return g.op('Pad', [x, g.integers(pads), null, g.integers([...missing.keys()])]);
}

/** The first axes of a tensor down to these sizes. */
export function cropTo(g: Graph, x: Value, sizes: readonly number[]): Value {
  if (sizes.every((size, axis) => size === x.shape[axis])) return x;
  const starts = sizes.map(() => 0);
  return g.op('Slice', [x, g.integers(starts), g.integers(sizes), g.integers([...sizes.keys()])]);
}
