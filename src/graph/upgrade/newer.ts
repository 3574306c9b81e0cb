/**
 * Operators that are newer than the operator set that Agon writes, in terms of that set. Other operators of sets 21 to
 * 27 only gained element types.
 */
import { tensor } from '../../onnx/tensor.js';
import type { Value } from '../node/node.js';
import { before, constant, drop, integers, revise, type Upgrade } from './call.js';

/** Operator set 24: x * sigmoid(alpha * x). */
export const Swish: Upgrade = (call, graph) => {
  const { node } = call;
  const x = node.input(0);
  const alpha = node.number('alpha', 1);
  const scaled =
    alpha === 1 ? x : before(call, graph, 'Mul', [x, constant(call, graph, 'alpha', tensor(x.dtype, [], [alpha]))]);
  return revise(call, { op: 'Mul', inputs: [x, before(call, graph, 'Sigmoid', [scaled])], attributes: {} });
};

/** Operator set 24: how to round to 8-bit powers of two, a type that Agon doesn't have. */
export const Cast: Upgrade = drop('round_mode');

/**
 * Operator set 21, and 18 with a scale and a bias for each group instead of each channel: each group of channels of each image
 * normalised, times scale, plus bias.
 */
export const GroupNormalization: Upgrade = (call, graph) => {
  const { node } = call;
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
  const groups = node.number('num_groups');
  const sizes = x.shape.slice(1).map((_, i) => node.size(0, i + 1));
  const split = before(call, graph, 'Reshape', [x, constant(call, graph, 'groups', integers([0, groups, -1]))]);
  const isPerGroup = scale.shape[0] === groups;
  const fill = (name: string, value: number) =>
    constant(call, graph, name, tensor('float32', [groups], new Float32Array(groups).fill(value)));
  const parameters = isPerGroup ? [scale, bias] : [fill('ones', 1), fill('zeros', 0)];
  const attributes = { epsilon: node.number('epsilon', 1e-5) };
  const normal = before(call, graph, 'InstanceNormalization', [split, ...parameters], attributes);
  const joined = [normal, constant(call, graph, 'sizes', integers([0, ...sizes]))];
  if (isPerGroup) return revise(call, { op: 'Reshape', inputs: joined, attributes: {} });
  const whole = graph.op('Reshape', joined, {}, { name: `${node.name}/joined` });
  const axes = constant(call, graph, 'axes', integers(sizes.slice(1).map((_, i) => i + 1)));
  const perChannel = (value: Value, name: string) =>
    graph.op('Unsqueeze', [value, axes], {}, { name: `${node.name}/${name}` });
  const scaled = before(call, graph, 'Mul', [whole, perChannel(scale, 'scale')]);
  return revise(call, { op: 'Add', inputs: [scaled, perChannel(bias, 'bias')], attributes: {} });
};
