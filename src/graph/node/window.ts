import { asNumber, type Dim } from './dim.js';
import type { Node, Value } from './node.js';

/** A sliding window's geometry along each spatial axis, with `auto_pad` as numbers. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before each axis's first element. */
  readonly begin: readonly number[];
  /** Padding after each axis's last element. */
  readonly end: readonly number[];
}

/**
 * The window of a Conv or pooling node over `input` ([N, C, spatial...]).
 * `auto_pad` needs known spatial sizes (ONNX: SAME_* makes ceil(in / stride) outputs).
 */
export function windowOf(node: Node, input: Value, kernel: readonly number[]): Window {
  const axes = kernel.length;
  const ones = new Array<number>(axes).fill(1);
  const strides = node.numbers('strides', ones);
  const dilations = node.numbers('dilations', ones);
  const mode = node.string('auto_pad', 'NOTSET');
  if (mode.startsWith('SAME')) {
    const totals = kernel.map((k, i) => samePadding(node, input.shape[i + 2], k, strides[i] ?? 1, dilations[i] ?? 1));
    const small = totals.map((total) => Math.floor(total / 2));
    const large = totals.map((total) => Math.ceil(total / 2));
    const upper = mode === 'SAME_UPPER';
    return { kernel, strides, dilations, begin: upper ? small : large, end: upper ? large : small };
  }
  const pads =
    mode === 'VALID' ? new Array<number>(2 * axes).fill(0) : node.numbers('pads', new Array(2 * axes).fill(0));
  return { kernel, strides, dilations, begin: pads.slice(0, axes), end: pads.slice(axes) };
}

/** How many positions a window takes along one axis. A symbolic size stays symbolic only when the window keeps it. */
export function windowOutput(node: Node, size: Dim | undefined, window: Window, axis: number, ceil = false): Dim {
  const { kernel, strides, dilations, begin, end } = at(window, axis);
  const span = dilations * (kernel - 1) + 1;
  const known = asNumber(size);
  if (known === undefined) {
    if (size !== undefined && strides === 1 && begin + end === span - 1) return size;
    return node.fail(`spatial axis ${axis}`, 'a known size', String(size), 'Only the batch may be symbolic');
  }
  const steps = (known + begin + end - span) / strides;
  const output = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that would start in the end padding is dropped (PyTorch and ONNX since opset 19).
  const result = ceil && (output - 1) * strides >= known + begin ? output - 1 : output;
  if (result < 1) node.fail(`spatial axis ${axis}`, `at least ${span} with padding`, String(known + begin + end));
  return result;
}

/** `auto_pad` and `pads` as explicit attributes. */
export function windowAttributes({ strides, dilations, begin, end }: Window) {
  return { strides, dilations, pads: [...begin, ...end] };
}

function at(window: Window, axis: number) {
  const pick = (list: readonly number[]) => list[axis] ?? 1;
  return {
    kernel: pick(window.kernel),
    strides: pick(window.strides),
    dilations: pick(window.dilations),
    begin: window.begin[axis] ?? 0,
    end: window.end[axis] ?? 0,
  };
}

function samePadding(node: Node, size: Dim | undefined, kernel: number, stride: number, dilation: number): number {
  const known = asNumber(size) ?? node.fail('auto_pad', 'known spatial sizes', String(size));
  const output = Math.ceil(known / stride);
  return Math.max(0, (output - 1) * stride + dilation * (kernel - 1) + 1 - known);
}
