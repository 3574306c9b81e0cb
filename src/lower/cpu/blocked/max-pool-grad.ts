import { mul, reshape, sub } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import { range } from '../../../graph/node/axes.js';
import { NCHWC, type Value } from '../../../graph/node/node.js';
import { knownSizes, sizeOf, sizesOf } from '../../../graph/node/sizes.js';
import type { Window } from '../../../graph/node/window.js';
import { tensor } from '../../../onnx/tensor.js';
import { at } from '../../../util/checked.js';
import { present } from '../../../util/error.js';
import { affine, type Blocked, blockedConv, type Extras, perChannel, STEEP } from './blocked.js';

/** An axis of images [N, C, H, W], and how the window moves along it. */
interface Axis {
  readonly axis: 0 | 1;
  readonly kernel: number;
  readonly stride: number;
  readonly begin: number;
}

/** Whether {@link maxPoolGrad} can do it: every output has its own `stride` inputs. */
export function isEvenlyPooled(window: Window, x: Value, y: Value): boolean {
  return [0, 1].every((axis) => {
    const plain = at(window.dilations, axis) === 1 && at(window.kernel, axis) >= at(window.strides, axis);
    return plain && sizeOf(y, axis + 2) * at(window.strides, axis) === sizeOf(x, axis + 2);
  });
}

/**
 * dX of MaxPool in blocks, of any window that {@link isEvenlyPooled}: the maximum of a window is that of its rows' maxima, and the first
 * of equals lies in the first such row. So a gradient goes first to a row, then to a column.
 */
export function maxPoolGrad(g: Graph, window: Window, x: Blocked, y: Blocked, dY: Blocked, block: number): Blocked {
  const axis = (i: 0 | 1): Axis => {
    return { axis: i, kernel: at(window.kernel, i), stride: at(window.strides, i), begin: at(window.begin, i) };
  };
  const [rows, columns] = [axis(0), axis(1)];
  const ofRows = g.op(
    'MaxPool',
    [x],
    {
      kernel_shape: [1, columns.kernel],
      strides: [1, columns.stride],
      pads: [0, columns.begin, 0, endOf(columns, x, y)],
    },
    { domain: NCHWC },
  );
  const toRows = axisGrad(g, rows, { x: ofRows, y, dY }, block);
  return axisGrad(g, columns, { x, y: ofRows, dY: toRows }, block);
}

/** Padding after the last element. */
function endOf({ axis, kernel, stride, begin }: Axis, x: Value, y: Value): number {
  return (sizeOf(y, axis + 2) - 1) * stride + kernel - begin - sizeOf(x, axis + 2);
}

interface Pooled {
  readonly x: Blocked;
  readonly y: Blocked;
  readonly dY: Blocked;
}

/** dX of a maximum along one axis: of each window, dY goes to the first element that is as large as the maximum. */
function axisGrad(g: Graph, along: Axis, { x, y, dY }: Pooled, block: number): Blocked {
  if (along.kernel === 1) return dY;
  const shares: Blocked[] = [];
  let rest = dY;
  for (const tap of range(along.kernel - 1)) {
    const share = mul(g, rest, isMaximum(g, along, tap, { x, y }, block));
    shares.push(share);
    rest = sub(g, rest, share);
  }
  return scatter(g, along, [...shares, rest], block);
}

/** Below every number, so that padding is no maximum. */
const LOWEST = -3e38;

/** 1 where a window's element at this tap equals its maximum, else 0: HardSigmoid of their difference, which is at most 0. */
function isMaximum(g: Graph, along: Axis, tap: number, { x, y }: Omit<Pooled, 'dY'>, block: number): Blocked {
  const offset = tap - along.begin;
  const size = sizeOf(y, along.axis + 2);
  const sum = limited(g, along, { y, offset, length: sizeOf(x, along.axis + 2) }, block);
  const activation = { name: 'HardSigmoid', parameters: [STEEP, 1] } as const;
  return shifted(g, along.axis, x, { offset, stride: along.stride, size }, block, { sum, activation });
}

interface Limit {
  readonly y: Blocked;
  readonly offset: number;
  /** Of the axis in X. */
  readonly length: number;
}

/** -Y, or what nothing exceeds where X has no element at this offset. */
function limited(g: Graph, { axis, stride }: Axis, { y, offset, length }: Limit, block: number): Blocked {
  const [, channels, height, width] = sizesOf(y, 4);
  const inside = (i: number) => i * stride + offset >= 0 && i * stride + offset < length;
  const places = range(axis === 0 ? height : width);
  if (places.every(inside)) return affine(g, y, perChannel(g, channels, -1), null);
  const values = places.map((i) => (inside(i) ? 0 : LOWEST));
  const limits =
    axis === 0
      ? tensor('float32', [height, 1], values)
      : tensor(
          'float32',
          [width * block],
          values.flatMap((value) => new Array<number>(block).fill(value)),
        );
  const rows = reshape(g, y, [-1, height, width * block]);
  return reshape(g, sub(g, g.constant(limits), rows), knownSizes(y));
}

/** dX from what each tap gives: the positions of every remainder by the stride are gathered, then interleaved. */
function scatter(g: Graph, { axis, stride, begin }: Axis, shares: readonly Blocked[], block: number): Blocked {
  const [n, channels, height, width] = sizesOf(at(shares, 0), 4);
  const size = axis === 0 ? height : width;
  const phases = range(stride).map((phase) => {
    const own = shares.flatMap((share, tap) => {
      const offset = (phase + begin - tap) / stride;
      return Number.isInteger(offset) ? [{ share, offset }] : [];
    });
    const move = ({ share, offset }: { share: Blocked; offset: number }, extras?: Extras) =>
      offset === 0 && !extras ? share : shifted(g, axis, share, { offset, stride: 1, size }, block, extras);
    // The one that stays where it is comes first: the others are added to it
    const [first, ...others] = own.sort((a, b) => Math.abs(a.offset) - Math.abs(b.offset));
    return others.reduce((sum, each) => move(each, { sum }), move(present(first, 'a tap of every phase')));
  });
  if (stride === 1) return present(phases[0], 'a phase');
  const row = axis === 0 ? width * block : block;
  const whole = g.op(
    'Concat',
    phases.map((phase) => reshape(g, phase, [-1, 1, row])),
    { axis: 1 },
  );
  return reshape(g, whole, [n, channels, axis === 0 ? height * stride : height, axis === 1 ? width * stride : width]);
}

interface Shift {
  readonly offset: number;
  readonly stride: number;
  /** How many positions there are afterwards. */
  readonly size: number;
}

/** x at i * stride + offset along an axis, zero outside: a depthwise convolution with a single one, which runs on all threads. */
function shifted(
  g: Graph,
  axis: 0 | 1,
  x: Blocked,
  { offset, stride, size }: Shift,
  block: number,
  extras: Extras = {},
): Blocked {
  const channels = sizeOf(x, 1);
  const before = Math.max(0, -offset);
  const taps = before + Math.max(0, offset) + 1;
  const after = Math.max(0, (size - 1) * stride + taps - before - sizeOf(x, axis + 2));
  // In blocks: [C / b, taps, b]
  const one = Float32Array.from({ length: channels * taps }, (_, i) => {
    return Math.floor(i / block) % taps === before + offset ? 1 : 0;
  });
  const along = (own: number, other: number) => (axis === 0 ? [own, other] : [other, own]);
  const weights = g.constant(tensor('float32', [channels, 1, ...along(taps, 1)], one));
  const attributes = {
    kernel_shape: along(taps, 1),
    strides: along(stride, 1),
    pads: [...along(before, 0), ...along(after, 0)],
    group: channels,
  };
  return blockedConv(g, [x, weights], attributes, extras);
}
