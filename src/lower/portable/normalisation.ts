import { add, countAlong, div, mul, neg, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import { take } from '../../util/checked.js';
import { axesButChannels, filled, perChannel } from '../channels.js';
import type { Body } from '../target.js';

/**
 * Two passes for the statistics: the variance of centred values keeps its digits where |mean| is much larger than the
 * spread. The centred values are shared with the gradient, so X itself isn't kept for it.
 */
export const BatchNormTraining: Body = (g, node, inputs) => {
  const [x, weight, bias] = take(inputs, 3);
  const epsilon = node.number('epsilon', 1e-5);
  const n = countAlong(g, x, axesButChannels(x));
  const mean = div(g, sumPerChannel(g, x), n);
  const centred = sub(g, x, perChannel(g, mean, x));
  const variance = div(g, sumPerChannel(g, centred, 'ReduceSumSquare'), n);
  const inverse = g.op('Reciprocal', [g.op('Sqrt', [add(g, variance, g.scalar(epsilon))])]);
  const y = g.op('BatchNormalization', [centred, weight, bias, filled(g, x, 0), variance], { epsilon });
  return [y, mean, variance, inverse];
};

// With r the inverse deviation and c = X - mean: dBias = sum dY, dScale = r sum dY c,
// dX = scale r (dY - dBias / n - c r dScale / n)
export const BatchNormTrainingGrad: Body = (g, _node, inputs) => {
  const [dY, x, weight, mean, inverse] = take(inputs, 5);
  const n = countAlong(g, x, axesButChannels(x));
  const centred = sub(g, x, perChannel(g, mean, x));
  const dBias = sumPerChannel(g, dY);
  const dScale = mul(g, inverse, sumPerChannel(g, mul(g, dY, centred)));
  const gain = mul(g, weight, inverse);
  const shift = neg(g, mul(g, gain, div(g, dBias, n)));
  const slope = neg(g, mul(g, mul(g, gain, inverse), div(g, dScale, n)));
  const direct = add(g, mul(g, dY, perChannel(g, gain, x)), mul(g, centred, perChannel(g, slope, x)));
  return [add(g, direct, perChannel(g, shift, x)), dScale, dBias];
};

/**
 * The sum over all axes but the channels, [C]: one axis at a time, from the last. Short sums of sums lose a tenth of the
 * digits that one long float32 sum does.
 */
function sumPerChannel(g: Graph, x: Value, first: 'ReduceSum' | 'ReduceSumSquare' = 'ReduceSum'): Value {
  return axesButChannels(x)
    .reverse()
    .reduce((sum, axis, i) => g.op(i === 0 ? first : 'ReduceSum', [sum, g.integers([axis])], { keepdims: 0 }), x);
}
