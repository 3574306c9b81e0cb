import { reshape } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import { range } from '../../../graph/node/axes.js';
import type { Value } from '../../../graph/node/node.js';
import { sizeOf, sizesOf } from '../../../graph/node/sizes.js';
import { at } from '../../../util/checked.js';
import type { Geometry } from '../../geometry.js';
import { type Blocked, blockedConv, type Extras } from './blocked.js';
import { blockGradWeights } from './blocked-weights.js';
import { wholeBlocks } from './ragged.js';

/** Makes one phase, in one pass with what it takes along. */
type Plane = (extras: Extras) => Blocked;

/**
 * Images whose positions stand apart by their remainders (phases) under a stride: by row, then by column. Phases that are zero
 * everywhere are left out.
 */
export interface Phased {
  /** [N, C, H, W] of one phase. */
  readonly shape: readonly [number, number, number, number];
  readonly planes: readonly (readonly (Plane | undefined)[])[];
}

/** Whether every stride-th position of X has its own of dY, which {@link phasedInputGrad} needs. */
export function isEvenlyStrided({ strides, dilations }: Geometry, dY: Value, sizes: readonly number[]): boolean {
  return strides.every((stride, i) => at(dilations, i) === 1 && sizeOf(dY, i + 2) * stride === at(sizes, i));
}

/**
 * dX of a strided convolution: X's positions of one phase are reached by the same taps, so each phase is a convolution of dY
 * with those alone, and together they do no more work than the forward one.
 */
export function phasedInputGrad(g: Graph, geometry: Geometry, dY: Blocked, w: Value, block: number): Phased {
  const depthwise = geometry.group > 1;
  const [n, outputs, height, width] = sizesOf(dY, 4);
  const channels = depthwise ? outputs : wholeBlocks(sizeOf(w, 1), block);
  const group = depthwise ? outputs : 1;
  const [rows, columns] = [phasesAlong(geometry, 0), phasesAlong(geometry, 1)];
  const plane = (row: Phase, column: Phase): Plane | undefined => {
    if (row.taps.length === 0 || column.taps.length === 0) return undefined;
    const kernel = [row.taps.length, column.taps.length] as const;
    const taps = row.taps.flatMap((i) => column.taps.map((j) => (i < 0 || j < 0 ? -1 : i * sizeOf(w, 3) + j)));
    const pads = [row.before, column.before, row.after, column.after];
    return (extras) => {
      const weights = blockGradWeights(g, w, { group, block, taps, kernel });
      return blockedConv(g, [dY, weights], { kernel_shape: kernel, pads, group }, extras);
    };
  };
  return {
    shape: [n, channels, height, width],
    planes: rows.map((row) => columns.map((column) => plane(row, column))),
  };
}

/** The sum of two that have the same phases. Undefined for others. */
export function addPhases(a: Phased, b: Phased): Phased | undefined {
  const same = a.shape.join() === b.shape.join() && a.planes.length === b.planes.length;
  if (!same || a.planes[0]?.length !== b.planes[0]?.length) return undefined;
  const planes = a.planes.map((row, i) => {
    return row.map((own, j) => {
      const other = b.planes[i]?.[j];
      return own && other ? (extras: Extras) => plusSum(own, other, extras) : (own ?? other);
    });
  });
  return { shape: a.shape, planes };
}

const plusSum = (own: Plane, other: Plane, extras: Extras) => own({ ...extras, sum: other({ sum: extras.sum }) });

/** All phases where they belong: [N, C, H * strides, W * strides]. */
export function interleave(g: Graph, { shape, planes }: Phased, block: number): Blocked {
  const [n, channels, height, width] = shape;
  const zeros = () => g.op('Expand', [g.scalar(0), g.integers(shape)]);
  const rows = planes.map((row) => {
    const made = row.map((plane) => reshape(g, plane?.({}) ?? zeros(), [-1, 1, block]));
    return joinLines(g, made);
  });
  const columns = at(planes, 0).length;
  const lines = rows.map((row) => reshape(g, row, [-1, 1, width * columns * block]));
  const whole = joinLines(g, lines);
  return reshape(g, whole, [n, channels, height * planes.length, width * columns]);
}

const joinLines = (g: Graph, lines: readonly Value[]) =>
  lines.length === 1 ? at(lines, 0) : g.op('Concat', lines, { axis: 1 });

/** The taps that reach one phase along an axis, in the order of the positions of dY that they take; -1 for none. */
interface Phase {
  readonly taps: readonly number[];
  /** Positions of dY before and after its own that they take. */
  readonly before: number;
  readonly after: number;
}

/** X's position s q + r takes tap i from dY's position q + (r + pad - i) / s, where that is whole. */
function phasesAlong({ kernel, strides, begin }: Geometry, axis: number): Phase[] {
  const [taps, stride, pad] = [at(kernel, axis), at(strides, axis), at(begin, axis)];
  return range(stride).map((phase) => {
    const offsets = range(taps).map((tap) => (phase + pad - tap) / stride);
    const whole = offsets.filter(Number.isInteger);
    if (whole.length === 0) return { taps: [], before: 0, after: 0 };
    const [before, after] = [Math.max(0, -Math.min(...whole)), Math.max(0, ...whole)];
    return { taps: range(before + after + 1).map((i) => offsets.indexOf(i - before)), before, after };
  });
}
