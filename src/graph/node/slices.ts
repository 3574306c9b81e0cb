import { at } from '../../util/checked.js';
import { normaliseAxis } from './axes.js';
import type { Dim } from './dim.js';
import type { InferContext } from './infer-rule.js';

export interface AxisSlice {
  readonly axis: number;
  readonly start: number;
  readonly end: Dim;
  readonly step: number;
}

/** The slices of a Slice node, one an axis; `end` is the axis's own size when it reaches to or past it. */
export function slicesOf({ node, integers }: Pick<InferContext, 'node' | 'integers'>): AxisSlice[] {
  const { shape } = node.input(0);
  const starts = integers(1);
  const ends = integers(2);
  const axes = node.inputs[3] ? integers(3) : starts.map((_, i) => i);
  const steps = node.inputs[4] ? integers(4) : starts.map(() => 1);
  return starts.map((start, i) => {
    const axis = normaliseAxis(node, axes[i] ?? 0, shape.length);
    const step = steps[i] ?? 1;
    const end = ends[i] ?? 0;
    const whole = step > 0 && (end >= 2 ** 31 - 1 || end === shape[axis]);
    return { axis, start, end: whole ? at(shape, axis) : end, step };
  });
}

/** Start and end of a slice as ONNX clamps them for an axis of this size. */
export function clampSlice(start: number, end: number, step: number, size: number): [number, number] {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  return step > 0 ? [clamp(from, 0, size), clamp(to, 0, size)] : [clamp(from, 0, size - 1), clamp(to, -1, size - 1)];
}
