import { add, indicator, reshape, scale, sub, transpose } from '../../graph/arithmetic.js';
import { normaliseAxis } from '../../graph/node/axes.js';
import { sizeOf, sizesOf } from '../../graph/node/sizes.js';
import { toNumbers } from '../../onnx/tensor.js';
import { at, take } from '../../util/checked.js';
import type { Body } from '../target.js';

// Operators of imported networks that WebGPU has no kernels for.

export const Sign: Body = (g, _node, inputs) => {
  const [x] = take(inputs, 1);
  const above = indicator(g, g.op('Greater', [x, g.scalar(0)]));
  return [sub(g, above, indicator(g, g.op('Less', [x, g.scalar(0)])))];
};

export const Mean: Body = (g, _node, inputs) => {
  const sum = inputs.reduce((total, value) => add(g, total, value));
  return [scale(g, sum, 1 / inputs.length)];
};

// X / (1 + |X|)
export const Softsign: Body = (g, _node, inputs) => {
  const [x] = take(inputs, 1);
  return [g.op('Div', [x, add(g, g.op('Abs', [x]), g.scalar(1))])];
};

// gamma (X where X > 0, else alpha (e^X - 1))
export const Selu: Body = (g, node, inputs) => {
  const [x] = take(inputs, 1);
  const alpha = node.number('alpha', 1.6732632423543772);
  return [scale(g, g.op('Elu', [x], { alpha }), node.number('gamma', 1.0507009873554805))];
};

// X where X > 0, else alpha (e^(X / alpha) - 1)
export const Celu: Body = (g, node, inputs) => {
  const [x] = take(inputs, 1);
  const alpha = node.number('alpha', 1);
  return [scale(g, g.op('Elu', [scale(g, x, 1 / alpha)], { alpha: 1 }), alpha)];
};

/** [N, C, H, W] to [N, b b C, H / b, W / b]. */
export const SpaceToDepth: Body = (g, node, inputs) => {
  const [x] = take(inputs, 1);
  const block = node.number('blocksize');
  const [, channels, height, width] = sizesOf(x, 4);
  const blocks = reshape(g, x, [-1, channels, height / block, block, width / block, block]);
  const moved = transpose(g, blocks, [0, 3, 5, 1, 2, 4]);
  return [reshape(g, moved, [-1, channels * block ** 2, height / block, width / block])];
};

/** With a step backwards WebGPU's kernel begins at the end, whatever the start (ONNX Runtime 1.30): what is behind it is cut off first. */
export const Slice: Body = (g, node, inputs) => {
  const [x] = take(inputs, 1);
  const asIs = () => [g.op('Slice', inputs, node.attributes)];
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => {
    const constant = g.constantOf(inputs[i]);
    return constant && toNumbers(constant);
  });
  const back = steps?.flatMap((step, i) => (step < 0 ? [i] : [])) ?? [];
  if (!starts || !ends || !axes || !steps || back.length === 0) return asIs();
  const cuts = back.map((i) => {
    const axis = normaliseAxis(node, at(axes, i), x.shape.length);
    const size = sizeOf(x, axis);
    const index = (place: number, least: number) =>
      Math.min(size - 1, Math.max(least, place < 0 ? place + size : place));
    return { axis, from: index(at(ends, i), -1) + 1, to: index(at(starts, i), 0) + 1, size };
  });
  if (cuts.every(({ to, size }) => to === size)) return asIs();
  const list = (of: (cut: (typeof cuts)[number]) => number) => g.integers(cuts.map(of));
  const cut = g.op('Slice', [x, list(({ from }) => from), list(({ to }) => to), list(({ axis }) => axis)]);
  const whole = (values: readonly number[], value: number) =>
    g.integers(values.map((own, i) => (back.includes(i) ? value : own)));
  return [g.op('Slice', [cut, whole(starts, -1), whole(ends, -(2 ** 31)), g.integers(axes), g.integers(steps)])];
};
