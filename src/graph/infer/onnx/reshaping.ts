import { at } from '../../../util/checked.js';
import { present } from '../../../util/error.js';
import { normaliseAxis } from '../../node/axes.js';
import { broadcastShapes, type Dim, formatShape, MOST_KNOWN, product, quotient } from '../../node/dim.js';
import type { InferRule } from '../../node/infer-rule.js';
import { clampSlice, slicesOf } from '../../node/slices.js';

/** Target sizes: 0 copies the input's, -1 is what is left (ONNX Reshape). */
export const Reshape: InferRule = (context) => {
  const { node, known } = context;
  const { dtype, shape } = node.input(0);
  const target = known(1) ?? context.integers(1);
  const copied = target.map((dim, i) => (dim === 0 && node.number('allowzero', 0) === 0 ? (shape[i] ?? 1) : dim));
  const rest = product(copied.filter((dim) => dim !== -1));
  const missing = copied.includes(-1) ? quotient(product(shape), rest) : undefined;
  const result = copied.map((dim) => (dim === -1 ? (missing ?? -1) : dim));
  if (result.includes(-1) || product(result) !== product(shape)) {
    node.fail('target shape', `${product(shape)} elements`, `${formatShape(target)} for ${formatShape(shape)}`);
  }
  return { dtype, shape: result, known: known(0) };
};

export const Flatten: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  const axis = node.number('axis', 1);
  const at = axis < 0 ? axis + shape.length : axis;
  return { dtype, shape: [product(shape.slice(0, at)), product(shape.slice(at))] };
};

export const Transpose: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  const order = node.numbers(
    'perm',
    shape.map((_, i) => shape.length - 1 - i),
  );
  if (order.length !== shape.length) node.fail('perm', `${shape.length} axes`, String(order.length));
  return { dtype, shape: order.map((from) => shape[from] ?? node.fail('perm', 'axes in range', String(from))) };
};

export const Squeeze: InferRule = ({ node, integers, known }) => {
  const { dtype, shape } = node.input(0);
  const all = shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
  const axes = new Set(node.inputs[1] ? integers(1).map((axis) => normaliseAxis(node, axis, shape.length)) : all);
  for (const axis of axes) if (shape[axis] !== 1) node.fail(`axis ${axis}`, 'size 1', String(shape[axis]));
  return { dtype, shape: shape.filter((_, i) => !axes.has(i)), known: known(0) };
};

export const Unsqueeze: InferRule = ({ node, integers, known }) => {
  const { dtype, shape } = node.input(0);
  const axes = integers(1);
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => normaliseAxis(node, axis, rank)));
  const rest = [...shape];
  const result = Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : present(rest.shift(), 'an axis')));
  return { dtype, shape: result, known: known(0) };
};

export const Concat: InferRule = ({ node, known }) => {
  const first = node.input(0);
  const axis = normaliseAxis(node, node.number('axis'), first.shape.length);
  const sizes = node.inputs.map((_, i) => at(node.input(i).shape, axis));
  const total = totalOf(sizes) ?? node.fail(`axis ${axis}`, 'known or equal sizes', formatShape(sizes));
  for (const [i] of node.inputs.entries()) {
    const { shape } = node.input(i);
    const fits = shape.length === first.shape.length && shape.every((dim, j) => j === axis || dim === first.shape[j]);
    if (!fits) node.fail(`shape of input ${i}`, `${formatShape(first.shape)} but for axis ${axis}`, formatShape(shape));
  }
  return {
    dtype: first.dtype,
    shape: first.shape.map((dim, i) => (i === axis ? total : dim)),
    known: Number(total) <= MOST_KNOWN ? joined(node.inputs.map((_, i) => known(i))) : undefined,
  };
};

function joined(parts: readonly (readonly Dim[] | undefined)[]): Dim[] | undefined {
  return parts.every((part) => part !== undefined) ? parts.flatMap((part) => part ?? []) : undefined;
}

/** Part sizes in input 1, or equal parts (the last one smaller). */
export const Split: InferRule = ({ node, integers, outputs }) => {
  const { dtype, shape } = node.input(0);
  const axis = normaliseAxis(node, node.number('axis', 0), shape.length);
  const size = node.size(0, axis);
  const part = Math.ceil(size / outputs);
  const sizes = node.inputs[1]
    ? integers(1)
    : Array.from({ length: outputs }, (_, i) => Math.min(part, size - part * i));
  if (sizes.length !== outputs || sum(sizes) !== size)
    node.fail('split sizes', `${outputs} that add up to ${size}`, sizes.join(', '));
  return sizes.map((length) => ({ dtype, shape: shape.map((dim, i) => (i === axis ? length : dim)) }));
};

/** Inputs: data, starts, ends, axes, steps. */
export const Slice: InferRule = (context) => {
  const { node, known } = context;
  const { dtype, shape } = node.input(0);
  const result = [...shape];
  let integers = known(0);
  for (const { axis, start, end, step } of slicesOf(context)) {
    if (start === 0 && end === shape[axis] && step === 1) continue;
    const size = node.size(0, axis);
    const [from, to] = clampSlice(start, typeof end === 'number' ? end : size, step, size);
    result[axis] = Math.max(0, Math.ceil((to - from) / step));
    integers &&= step > 0 ? integers.slice(from, to).filter((_, i) => i % step === 0) : undefined;
  }
  return { dtype, shape: result, known: integers };
};

/** Inputs: data, pads (begins then ends), value, axes. */
export const Pad: InferRule = ({ node, integers }) => {
  const { dtype, shape } = node.input(0);
  const pads = integers(1);
  const axes = node.inputs[3]
    ? integers(3).map((axis) => normaliseAxis(node, axis, shape.length))
    : shape.map((_, i) => i);
  const result = [...shape];
  axes.forEach((axis, i) => {
    const amount = (pads[i] ?? 0) + (pads[i + axes.length] ?? 0);
    if (amount !== 0) result[axis] = node.size(0, axis) + amount;
  });
  return { dtype, shape: result };
};

export const Expand: InferRule = (context) => {
  const { node, known } = context;
  const { dtype, shape } = node.input(0);
  const target = known(1) ?? context.integers(1);
  const result = broadcastShapes([shape, target]);
  return {
    dtype,
    shape: result ?? node.fail('target shape', `one that ${formatShape(shape)} broadcasts to`, formatShape(target)),
  };
};

export const Tile: InferRule = ({ node, integers }) => {
  const { dtype, shape } = node.input(0);
  const repeats = integers(1);
  return { dtype, shape: shape.map((dim, i) => product([dim, repeats[i] ?? 1])) };
};

export const Shape: InferRule = ({ node }) => {
  const { shape } = node.input(0);
  const part = shape.slice(node.number('start', 0), node.has('end') ? node.number('end') : undefined);
  return { dtype: 'int64', shape: [part.length], known: part };
};

export const Size: InferRule = ({ node }) => ({ dtype: 'int64', shape: [], known: [product(node.input(0).shape)] });

/** The sum of sizes, or undefined when it can't be written: only equal symbols add up. */
function totalOf(sizes: readonly Dim[]): Dim | undefined {
  if (sizes.every((size) => typeof size === 'number')) return sum(sizes);
  return sizes.every((size) => size === sizes[0]) ? product([sizes.length, ...sizes.slice(0, 1)]) : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
