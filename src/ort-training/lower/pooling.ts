import type { Value } from '../../graph/node/node.js';
import { portable } from '../../lower/portable/portable.js';
import type { Body } from '../../lower/target.js';

/** With the output that tells where the maxima are, which the gradient needs. */
export const MaxPool: Body = (g, node, inputs) => g.ops('MaxPool', inputs, node.attributes, { outputs: 2 });

export const MaxPoolGrad: Body = (g, node, inputs) => {
  const [dY, x, y] = inputs as readonly [Value, Value, Value];
  const forward = g.producer(y);
  if (forward?.op !== 'MaxPool') return (portable.bodies.MaxPoolGrad as Body)(g, node, inputs);
  return [g.op('MaxPoolGrad', [dY, forward.output(1)], { input_size: x.shape.slice(2) as number[] })];
};

/** Its kernel knows neither an open batch nor ceil_mode nor dilations, and in 3-D is wrong where windows overlap. */
export const AveragePoolGrad: Body = (g, node, inputs) => {
  const [dY] = inputs as readonly [Value];
  const { kernel_shape = [], strides = [], pads = [], count_include_pad = 0, input_size = [] } = node.attributes;
  const dilated = node.numbers('dilations', []).some((dilation) => dilation !== 1);
  const known = typeof dY.shape[0] === 'number' && dY.shape.length < 5;
  if (!known || dilated || node.number('ceil_mode', 0) === 1) {
    return (portable.bodies.AveragePoolGrad as Body)(g, node, inputs);
  }
  return [g.op('AveragePoolGrad', [dY], { kernel_shape, strides, pads, count_include_pad, input_size })];
};
