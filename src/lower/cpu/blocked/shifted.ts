import { add, neg, reshape } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Attributes, Value } from '../../../graph/node/node.js';
import { affine, type Blocked, blockedConv, blockedGlobalAverage, perChannel } from './blocked.js';
import { cropTo } from './ragged.js';

/*
 * sum(x^2) / n - mean^2 keeps its digits only where |mean| isn't much larger than the deviation. Less a pivot, the mean of the first of
 * N images, it is: that image is a part of the variance, so the rest of the mean is below sqrt(N) deviations, whatever the images are.
 */

/** A blocked value less an offset per channel, near its mean. */
export interface Shifted {
  readonly blocked: Blocked;
  /** [C], of all channels in the blocks. */
  readonly offset: Value;
}

/** Shifted by the mean of its first image, in one pass over memory. */
export function shiftedByPivot(g: Graph, x: Blocked): Shifted {
  const offset = meanOfPositions(g, cropTo(g, x, [1]));
  return { blocked: affine(g, x, perChannel(g, Number(x.shape[1]), 1), neg(g, offset)), offset };
}

/** A convolution that is shifted as it is made: its first image alone tells the pivot, which then is the bias of all. */
export function shiftedConv(
  g: Graph,
  [images, weights, bias]: readonly [Value, Value, Value | null],
  attributes: Attributes,
): Shifted {
  const pivot = meanOfPositions(g, blockedConv(g, [cropTo(g, images, [1]), weights], attributes));
  const blocked = blockedConv(g, [images, weights, neg(g, pivot)], attributes);
  return { blocked, offset: bias ? add(g, pivot, bias) : pivot };
}

/** The mean over the positions of one image [1, C, H, W], as [C]. */
function meanOfPositions(g: Graph, image: Blocked): Value {
  return reshape(g, blockedGlobalAverage(g, image), [Number(image.shape[1])]);
}
