import { reshape, transpose } from '../../graph/arithmetic.js';
import { range } from '../../graph/axes.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node.js';
import { swapAndReverse } from '../weights.js';
import { toBlocked } from './blocked.js';

/*
 * Weights for blocked images, made by the operator that blocks images: a Transpose of single elements runs at a tenth of its
 * speed. It takes [N, C, S] to [N, C/b, S, b], whatever N, C and S stand for.
 */

/** Weights [K, C, kh, kw] with both channels in blocks: the bytes [K/b, C/b, kh, kw, b of C, b of K]. */
export function blockWeights(g: Graph, w: Value): Value {
  const [k, c, kh, kw] = sizesOf(w);
  const inputs = toBlocked(g, w);
  return reshape(g, toBlocked(g, reshape(g, inputs, [1, k, c * kh, kw])), [k, c, kh, kw]);
}

/** Weights for images whose channels aren't blocked (fewer than a block), and for depthwise ones: only K in blocks. */
export function blockOutputs(g: Graph, w: Value): Value {
  const [k, c, kh, kw] = sizesOf(w);
  return reshape(g, toBlocked(g, reshape(g, w, [1, k, c * kh, kw])), [k, c, kh, kw]);
}

/** Weights [K, C, kh, kw] as {@link blockWeights} of their inputs' gradient's weights: channels swapped, the kernel reversed. */
export function blockReversedWeights(g: Graph, w: Value, block: number): Value {
  const [k, c, kh, kw] = sizesOf(w);
  const taps = kh * kw;
  const outputs = toBlocked(g, reshape(g, w, [1, k, c * kh, kw]));
  // [K/b, C, taps, b of K] -> [K/b, C/b, taps, b of K, b of C]
  const both = toBlocked(g, reshape(g, outputs, [k / block, c, taps, block]));
  const swapped = transpose(g, reshape(g, both, [k / block, c / block, taps, block * block]), [1, 0, 2, 3]);
  const reversed = g.integers(range(taps).reverse());
  const turned = taps === 1 ? swapped : g.op('Gather', [swapped, reversed], { axis: 2 });
  return reshape(g, turned, [c, k, kh, kw]);
}

/** The weights of a stride-1 input gradient in blocks: of a whole convolution, or a depthwise one. */
export function blockInputGradWeights(g: Graph, w: Value, group: number, block: number): Value {
  return group === 1 ? blockReversedWeights(g, w, block) : blockOutputs(g, swapAndReverse(g, w, group));
}

function sizesOf(w: Value): readonly [number, number, number, number] {
  return w.shape as readonly [number, number, number, number];
}
