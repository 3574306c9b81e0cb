import { reshape, transpose } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import { range } from '../../../graph/node/axes.js';
import type { Value } from '../../../graph/node/node.js';
import { sizeOf, sizesOf } from '../../../graph/node/sizes.js';
import { toBlocked } from './blocked.js';
import { padTo, wholeBlocks } from './ragged.js';

/*
 * Weights for blocked images, made by the operator that blocks images: a Transpose of single elements runs at a tenth of its
 * speed. It takes [N, C, S] to [N, C/b, S, b], whatever N, C and S stand for. Channels that fill no block are followed by zeros.
 */

/** Weights [K, C, kh, kw] with both channels in blocks: the bytes [K/b, C/b, kh, kw, b of C, b of K]. */
export function blockWeights(g: Graph, w: Value, block: number): Value {
  const whole = padTo(
    g,
    w,
    [0, 1].map((axis) => wholeBlocks(sizeOf(w, axis), block)),
  );
  const [k, c, kh, kw] = sizesOf(whole, 4);
  const inputs = toBlocked(g, whole);
  return reshape(g, toBlocked(g, reshape(g, inputs, [1, k, c * kh, kw])), [k, c, kh, kw]);
}

/** Weights for images whose channels aren't blocked (fewer than a block), and for depthwise ones: only K in blocks. */
export function blockOutputs(g: Graph, w: Value, block: number): Value {
  const whole = padTo(g, w, [wholeBlocks(sizeOf(w, 0), block)]);
  const [k, c, kh, kw] = sizesOf(whole, 4);
  return reshape(g, toBlocked(g, reshape(g, whole, [1, k, c * kh, kw])), [k, c, kh, kw]);
}

/** Which taps of a kernel, row by row, make up another of this size; -1 for a zero. */
export interface TapChoice {
  readonly group: number;
  readonly block: number;
  readonly taps: readonly number[];
  readonly kernel: readonly [number, number];
}

/** Weights [K, C, kh, kw] for what flows back: as {@link blockWeights} of [C, K, ...], or as depthwise ones, of some of their taps. */
export function blockGradWeights(g: Graph, w: Value, { group, block, taps, kernel }: TapChoice): Value {
  const blockedAxes = group > 1 ? [0] : [0, 1];
  const whole = padTo(
    g,
    w,
    blockedAxes.map((axis) => wholeBlocks(sizeOf(w, axis), block)),
  );
  const [k, c, kh, kw] = sizesOf(whole, 4);
  const size = kh * kw;
  if (group > 1) {
    const depthwise = reshape(g, toBlocked(g, reshape(g, whole, [1, k, size, 1])), [k / block, size, block]);
    return reshape(g, pickTaps(g, depthwise, 1, taps), [k, 1, ...kernel]);
  }
  const outputs = toBlocked(g, reshape(g, whole, [1, k, c * kh, kw]));
  // [K/b, C, taps, b of K] -> [K/b, C/b, taps, b of K, b of C]
  const both = toBlocked(g, reshape(g, outputs, [k / block, c, size, block]));
  const swapped = transpose(g, reshape(g, both, [k / block, c / block, size, block * block]), [1, 0, 2, 3]);
  return reshape(g, pickTaps(g, swapped, 2, taps), [c, k, ...kernel]);
}

/** The weights of a stride-1 input gradient in blocks: the kernel reversed. */
export function blockInputGradWeights(g: Graph, w: Value, group: number, block: number): Value {
  const [, , kh, kw] = sizesOf(w, 4);
  return blockGradWeights(g, w, { group, block, taps: range(kh * kw).reverse(), kernel: [kh, kw] });
}

function pickTaps(g: Graph, w: Value, axis: number, taps: readonly number[]): Value {
  const size = sizeOf(w, axis);
  if (taps.length === size && taps.every((tap, i) => tap === i)) return w;
  const padded = taps.includes(-1) ? g.op('Pad', [w, g.integers([0, 1]), null, g.integers([axis])]) : w;
  return g.op('Gather', [padded, g.integers(taps.map((tap) => (tap < 0 ? size : tap)))], { axis });
}
