import { spatialSizes } from '../../graph/node/sizes.js';
import { bodies } from '../../lower/portable/portable.js';
import type { Body } from '../../lower/target.js';
import { take } from '../../util/checked.js';

/** With the output that tells where the maxima are, which the gradient needs. */
export const MaxPool: Body = (g, node, inputs) => g.ops('MaxPool', inputs, node.attributes, { outputs: 2 });

export const MaxPoolGrad: Body = (g, node, inputs) => {
  const [dY, x, y] = take(inputs, 3);
  const forward = g.producer(y);
  if (forward?.op !== 'MaxPool') return bodies.MaxPoolGrad(g, node, inputs);
  return [g.op('MaxPoolGrad', [dY, forward.output(1)], { input_size: spatialSizes(x) })];
};

/** Its kernel knows neither an open batch nor ceil_mode nor dilations, and in 3-D is wrong where windows overlap. */
export const AveragePoolGrad: Body = (g, node, inputs) => {
  const [dY] = take(inputs, 1);
  const { kernel_shape = [], strides = [], pads = [], count_include_pad = 0, input_size = [] } = node.attributes;
  const dilated = node.numbers('dilations', []).some((dilation) => dilation !== 1);
  const known = typeof dY.shape[0] === 'number' && dY.shape.length < 5;
  if (!known || dilated || node.number('ceil_mode', 0) === 1) {
    return bodies.AveragePoolGrad(g, node, inputs);
  }
  return [g.op('AveragePoolGrad', [dY], { kernel_shape, strides, pads, count_include_pad, input_size })];
};
