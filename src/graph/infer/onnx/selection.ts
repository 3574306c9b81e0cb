import { toNumbers } from '../../../onnx/tensor.js';
import { normaliseAxis } from '../../node/axes.js';
import type { Dim } from '../../node/dim.js';
import type { InferRule } from '../../node/infer-rule.js';

export const Gather: InferRule = ({ node, known }) => {
  const [data, indices] = [node.input(0), node.input(1)];
  const axis = normaliseAxis(node, node.number('axis', 0), data.shape.length);
  const [values, picks] = [known(0), known(1)];
  const integers = values && picks?.every((pick) => typeof pick === 'number') ? pickFrom(values, picks) : undefined;
  return {
    dtype: data.dtype,
    shape: [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)],
    known: integers,
  };
};

/** Inputs: indices, depth, values [off, on]. */
export const OneHot: InferRule = ({ node, integers }) => {
  const indices = node.input(0);
  const depth = integers(1)[0] ?? node.fail('depth', 'one integer');
  const rank = indices.shape.length + 1;
  const axis = normaliseAxis(node, node.number('axis', -1), rank);
  return { dtype: node.input(2).dtype, shape: [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)] };
};

export const ScatterElements: InferRule = ({ node }) => ({ dtype: node.input(0).dtype, shape: node.input(0).shape });

export const ConstantOfShape: InferRule = (context) => {
  const { node } = context;
  const shape = context.known(0) ?? context.integers(0);
  const value = node.tensor('value');
  const [length] = shape.length === 1 ? shape : [];
  const integers = value?.dtype === 'int64' && typeof length === 'number' && length <= 64;
  return {
    dtype: value?.dtype ?? 'float32',
    shape,
    known: integers ? new Array<Dim>(length).fill(toNumbers(value)[0] ?? 0) : undefined,
  };
};

function pickFrom(values: readonly Dim[], picks: readonly number[]): Dim[] | undefined {
  const picked = picks.map((pick) => values.at(pick));
  return picked.every((dim) => dim !== undefined) ? picked : undefined;
}
