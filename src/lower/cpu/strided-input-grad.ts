import { reshape, transpose } from '../../graph/arithmetic.js';
import { range } from '../../graph/axes.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node.js';
import { at, type Geometry, reach } from '../geometry.js';
import { type Blocked, blockedConv } from './blocked.js';
import { blockInputGradWeights, blockWeights } from './blocked-weights.js';

/** Whether every stride-th position of X has its own of dY, which the forms here need. */
export function isEvenlyStrided({ strides, dilations }: Geometry, dY: Value, sizes: readonly number[]): boolean {
  return strides.every((stride, i) => {
    return at(dilations, i) === 1 && stride > 1 && at(dY.shape, i + 2) * stride === at(sizes, i);
  });
}

/** dX over dY with zeros put between its positions: an ordinary convolution, with the work of the zeros. */
export function stuffedInputGrad(g: Graph, geometry: Geometry, dY: Blocked, w: Value, block: number): Blocked {
  const { kernel, strides, begin, end, group } = geometry;
  const [n, channels, h, width] = dY.shape as readonly [number, number, number, number];
  const [sh, sw] = [at(strides, 0), at(strides, 1)];
  const columns = padLast(g, reshape(g, dY, [n, channels / block, h * width, 1, block]), 3, sw - 1);
  const rows = padLast(g, reshape(g, columns, [n, channels / block, h, 1, width * sw * block]), 3, sh - 1);
  const stuffed = reshape(g, rows, [n, channels, h * sh, width * sw]);
  const weights = blockInputGradWeights(g, w, group, block);
  // The stuffing leaves stride - 1 zeros after the last position, which stand in for that much padding
  const before = begin.map((pad, i) => reach(geometry, i) - pad);
  const after = end.map((_, i) => reach(geometry, i) - at(before, i));
  return blockedConv(g, [stuffed, weights], { kernel_shape: kernel, pads: [...before, ...after], group });
}

/**
 * dX as one convolution for all its phases (the remainders of a position by the stride): each phase sees only the taps that
 * reach it, and is a set of channels of its own; the phases are then interleaved.
 */
export function phasedInputGrad(g: Graph, geometry: Geometry, dY: Blocked, w: Value, block: number): Blocked {
  const [n, , h, width] = dY.shape as readonly [number, number, number, number];
  const channels = at(w.shape, 1);
  const [rows, columns] = [phasesOf(geometry, 0), phasesOf(geometry, 1)];
  // [K, C, kh, kw] -> [K, C, ph, U, kw] -> [K, C, ph, U, pw, V] -> [ph, pw, C, K, U, V]
  const byRow = stackPhases(g, w, 2, rows);
  const byBoth = stackPhases(g, byRow, 4, columns);
  const moved = transpose(g, byBoth, [2, 4, 1, 0, 3, 5]);
  const phases = rows.taps.length * columns.taps.length;
  const weights = reshape(g, moved, [phases * channels, at(dY.shape, 1), rows.span, columns.span]);
  const planes = blockedConv(g, [dY, blockWeights(g, weights)], {
    kernel_shape: [rows.span, columns.span],
    pads: [rows.before, columns.before, rows.span - 1 - rows.before, columns.span - 1 - columns.before],
  });
  const [sh, sw] = [rows.taps.length, columns.taps.length];
  const split = reshape(g, planes, [n, sh, sw, channels / block, h, width, block]);
  const interleaved = transpose(g, split, [0, 3, 4, 1, 5, 2, 6]);
  return reshape(g, interleaved, [n, channels, h * sh, width * sw]);
}

/** Along one axis: for each phase the kernel's tap at every position of a window over dY, or -1. */
interface Phases {
  readonly taps: readonly (readonly number[])[];
  readonly span: number;
  /** How many positions the window starts before its own. */
  readonly before: number;
}

/** X's position s q + r takes tap i from dY's position q + (r + pad - i) / s, where that is whole. */
function phasesOf({ kernel, strides, begin }: Geometry, axis: number): Phases {
  const [k, s, pad] = [at(kernel, axis), at(strides, axis), at(begin, axis)];
  const offset = (phase: number, tap: number) => (phase + pad - tap) / s;
  const pairs = range(s).flatMap((phase) => range(k).map((tap) => ({ phase, tap, at: offset(phase, tap) })));
  const whole = pairs.filter((pair) => Number.isInteger(pair.at));
  const before = -Math.min(...whole.map((pair) => pair.at));
  const span = Math.max(...whole.map((pair) => pair.at)) + before + 1;
  const taps = range(s).map((phase) => {
    return range(span).map((u) => whole.find((pair) => pair.phase === phase && pair.at + before === u)?.tap ?? -1);
  });
  return { taps, span, before };
}

/** Replaces a kernel axis by two: phase, and position in the window; where a phase has no tap there, zeros. */
function stackPhases(g: Graph, w: Value, axis: number, { taps, span }: Phases): Value {
  const size = at(w.shape, axis);
  const padded = padLast(g, w, axis, 1);
  const indices = taps.flat().map((tap) => (tap < 0 ? size : tap));
  const gathered = g.op('Gather', [padded, g.integers(indices)], { axis });
  const shape = w.shape as readonly number[];
  return reshape(g, gathered, [...shape.slice(0, axis), taps.length, span, ...shape.slice(axis + 1)]);
}

function padLast(g: Graph, x: Value, axis: number, after: number): Value {
  return g.op('Pad', [x, g.integers([0, after]), null, g.integers([axis])]);
}
