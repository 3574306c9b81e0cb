/**
 * Operators that are newer than the operator set that Agon writes, in terms of that set. Other operators of sets 21 to
 * 27 only gained element types.
 */
import { tensor } from '../../onnx/tensor.js';
import { before, constant, drop, revise, type Upgrade } from './call.js';

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
