import { sum } from '../numbers.js';
import { bytesOf, classOf, flopsOf, isConvolution } from './cost.js';
import type { NodeEvent } from './events.js';

/** What the processor can do: GFLOP/s of a large MatMul, GB/s of a large Add. */
export interface Limits {
  readonly gflops: number;
  readonly bandwidth: number;
}

/** Nodes taken together, for one step. */
export interface Share {
  readonly name: string;
  readonly nodes: number;
  readonly ms: number;
  readonly bytes: number;
  readonly flops: number;
}

/** A node over all steps. */
export interface NodeShare extends Share {
  readonly className: string;
  /** `[4,3,32,32] [16,3,3,3] -> [4,16,32,32]` */
  readonly shapes: string;
}

/** Time, bytes and operations of each class of operators in one step, the longest first. */
export function byClass(events: readonly NodeEvent[], steps: number): Share[] {
  return grouped(events, classOf).map(([name, members]) => shareOf(name, members, steps));
}

/** The same for each node. */
export function byNode(events: readonly NodeEvent[], steps: number): NodeShare[] {
  return grouped(events, ({ name }) => name).map(([name, members]) => {
    const first = members[0] as NodeEvent;
    return { ...shareOf(name, members, steps), className: classOf(first), shapes: shapesOf(first) };
  });
}

/** Milliseconds that the convolutions take in a step: layout changes around them are not in it. */
export function convolutionMs(events: readonly NodeEvent[], steps: number): number {
  return sum(events.filter((event) => isConvolution(classOf(event))).map(({ ms }) => ms)) / steps;
}

/** The least time that operations and bytes need: the larger of the two, at the machine's limits. */
export function limitMs({ flops, bytes }: Pick<Share, 'flops' | 'bytes'>, { gflops, bandwidth }: Limits): number {
  return Math.max(flops / gflops, bytes / bandwidth) / 1e6;
}

/** The time of all if each were as fast as its limit allows; one that is faster, its operands being in the cache, stays so. */
export function leastMs(shares: readonly Share[], limits: Limits): number {
  return sum(shares.map((share) => Math.min(share.ms, limitMs(share, limits))));
}

/** Which limit a share is at: the one it comes to half of; `neither` when both are far. */
export function boundOf(share: Share, limits: Limits): string {
  if (share.bytes === 0) return '';
  if (limitMs(share, limits) < 0.5 * share.ms) return 'neither';
  return share.flops / limits.gflops > share.bytes / limits.bandwidth ? 'compute' : 'memory';
}

function grouped(
  events: readonly NodeEvent[],
  keyOf: (event: NodeEvent) => string,
): (readonly [string, readonly NodeEvent[]])[] {
  const groups = new Map<string, NodeEvent[]>();
  for (const event of events) {
    const key = keyOf(event);
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  const ms = (members: readonly NodeEvent[]) => sum(members.map((event) => event.ms));
  return [...groups].sort(([, a], [, b]) => ms(b) - ms(a));
}

function shareOf(name: string, events: readonly NodeEvent[], steps: number): Share {
  return {
    name,
    nodes: events.length / steps,
    ms: sum(events.map(({ ms }) => ms)) / steps,
    bytes: sum(events.map(bytesOf)) / steps,
    flops: sum(events.map(flopsOf)) / steps,
  };
}

function shapesOf({ inputs, outputs }: NodeEvent): string {
  const text = (tensors: NodeEvent['inputs']) => tensors.map(({ dims }) => `[${dims.join()}]`).join(' ');
  return `${text(inputs)} -> ${text(outputs)}`;
}
