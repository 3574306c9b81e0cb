import { countAlong, div, mul, reduceSum, reshape, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { range } from '../../graph/node/axes.js';
import type { Value } from '../../graph/node/node.js';
import { tensor, toNumbers } from '../../onnx/tensor.js';
import { take } from '../../util/checked.js';
import { axesButChannels, filled, perChannel } from '../channels.js';
import type { Body } from '../target.js';

/** As the portable form has it: the variance is that of centred values, which keeps its digits. */
export const BatchNormTraining: Body = (g, node, inputs) => {
  const [x, weight, bias] = take(inputs, 3);
  const epsilon = node.number('epsilon', 1e-5);
  const mean = meanPerChannel(g, x, 'ReduceMean');
  const centred = sub(g, x, perChannel(g, mean, x));
  const variance = meanPerChannel(g, centred, 'ReduceSumSquare');
  const [zeros, ones] = [filled(g, x, 0), filled(g, x, 1)];
  const y = normalise(g, centred, { scale: weight, shift: bias, mean: zeros, variance, epsilon });
  // A kernel for what else takes two or three
  const column = reshape(g, ones, [1, -1, 1]);
  const inverse = normalise(g, column, { scale: ones, shift: zeros, mean: zeros, variance, epsilon });
  return [y, mean, variance, reshape(g, inverse, [-1])];
};

// With r the inverse deviation, c = X - mean and means over all but the channels:
// dBias = n mean(dY), dScale = n r mean(dY c), dX = scale r (dY - mean(dY) - c r^2 mean(dY c))
export const BatchNormTrainingGrad: Body = (g, _node, inputs) => {
  const [dY, x, weight, mean, inverse] = take(inputs, 5);
  const n = countAlong(g, x, axesButChannels(x));
  const centred = sub(g, x, perChannel(g, mean, x));
  const meanDY = meanPerChannel(g, dY, 'ReduceMean');
  const slope = mul(g, inverse, meanPerChannel(g, mul(g, dY, centred), 'ReduceMean'));
  const along = mul(g, centred, perChannel(g, mul(g, inverse, slope), x));
  const dX = normalise(g, sub(g, dY, along), {
    scale: mul(g, weight, inverse),
    shift: filled(g, x, 0),
    mean: meanDY,
    variance: filled(g, x, 1),
    epsilon: 0,
  });
  return [dX, mul(g, slope, n), mul(g, meanDY, n)];
};

/** Each [C]. */
interface Normalisation {
  readonly scale: Value;
  readonly shift: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly epsilon: number;
}

/** scale (x - mean) / sqrt(variance + epsilon) + shift, in one kernel. */
function normalise(g: Graph, x: Value, { scale, shift, mean, variance, epsilon }: Normalisation): Value {
  const apply = (value: Value) => g.op('BatchNormalization', [value, scale, shift, mean, variance], { epsilon });
  if (x.shape.length > 2) return apply(x);
  // WebGPU's kernel reads the wrong channels where they are the last axis (ONNX Runtime 1.30)
  const channels = Number(x.shape[1]);
  return reshape(g, apply(reshape(g, x, [-1, channels, 1])), [-1, channels]);
}

/**
 * The mean of values, or of their squares, over all axes but the channels, [C]. First over each image's positions, which are the last
 * axes and so summed by many threads side by side, then over images by a product with a row of weights: a sum over other axes than the
 * last ones first transposes everything. Short sums of sums also keep more digits than one long sum.
 */
function meanPerChannel(g: Graph, x: Value, reduce: 'ReduceMean' | 'ReduceSumSquare'): Value {
  const perImage = overPositions(g, x, reduce);
  const counted = axesButChannels(x).slice(0, reduce === 'ReduceMean' ? 1 : undefined);
  const n = countAlong(g, x, counted);
  const [images] = x.shape;
  const count = toNumber(g, n);
  if (typeof images !== 'number' || count === undefined) return div(g, reduceSum(g, perImage, [0]), n);
  const weights = g.constant(tensor('float32', [1, images], new Float32Array(images).fill(1 / count)));
  return reshape(g, g.op('MatMul', [weights, perImage]), [-1]);
}

function toNumber(g: Graph, scalar: Value): number | undefined {
  const constant = g.constantOf(scalar);
  return constant && toNumbers(constant)[0];
}

/** Of each image and channel, [N, C]. */
function overPositions(g: Graph, x: Value, reduce: 'ReduceMean' | 'ReduceSumSquare'): Value {
  const axes = range(x.shape.length).slice(2);
  if (axes.some((axis) => x.shape[axis] !== 1)) return g.op(reduce, [x, g.integers(axes)], { keepdims: 0 });
  const values = reduce === 'ReduceSumSquare' ? mul(g, x, x) : x;
  return axes.length === 0 ? values : reshape(g, values, [-1, Number(x.shape[1])]);
}
