import { mul } from '../../../graph/arithmetic.js';
import { sameShape } from '../../../graph/dim.js';
import type { Node } from '../../../graph/node.js';
import { affine, perChannel, STEEP } from '../blocked.js';
import type { Layout, LayoutRule, Placed } from '../layout.js';
import { addPhases } from '../phases.js';

/** Operators that treat all elements alike work on blocked tensors as they are; scalars join in. */
const anyLayout: LayoutRule = (node, layout) => {
  const output = node.output();
  if (!layout.canBlock(output) || !node.inputs.some((value) => value && layout.isBlocked(value))) return undefined;
  // What follows the channels in their last block must stay finite
  if (node.op === 'Div' && Number(output.shape[1]) % layout.block !== 0) return undefined;
  const fits = node.inputs.every((value) => !value || value.shape.length === 0 || sameShape(value.shape, output.shape));
  if (!fits) return undefined;
  const inputs = node.inputs.map(
    (value) => value && (value.shape.length === 0 ? layout.plain(value) : layout.blocked(value)),
  );
  return [{ blocked: layout.g.op(node.op, inputs, node.attributes) }];
};

export const Sub = anyLayout;
export const Mul = anyLayout;
export const Div = anyLayout;
export const Neg = anyLayout;
export const Sum = anyLayout;
export const Sqrt = anyLayout;
export const Greater = anyLayout;
export const Less = anyLayout;
export const Cast = anyLayout;
export const LeakyRelu = anyLayout;
export const Sigmoid = anyLayout;
export const HardSigmoid = anyLayout;
export const HardSwish = anyLayout;
export const Tanh = anyLayout;
export const Gelu = anyLayout;

/** The other summand joins a convolution or normalisation that is still put off, or phases join phases. */
export const Add: LayoutRule = (node, layout) => {
  const merged = mergePhases(node, layout) ?? mergeSum(node, layout, 0) ?? mergeSum(node, layout, 1);
  return merged ?? anyLayout(node, layout);
};

/** Relu is the activation of a normalisation that is still put off. */
export const Relu: LayoutRule = (node, layout) => {
  const pending = layout.pending(node.input(0));
  return pending ? [{ blocked: layout.complete(pending, { name: 'Relu' }) }] : anyLayout(node, layout);
};

/** Clip (ReLU6) is an activation as well, with its bounds as parameters. */
export const Clip: LayoutRule = (node, layout) => {
  const pending = layout.pending(node.input(0));
  const bounds = [1, 2].map((i) => layout.constant(node.inputs[i]));
  if (!pending || bounds.some((bound) => bound === undefined)) return anyLayout(node, layout);
  return [{ blocked: layout.complete(pending, { name: 'Clip', parameters: bounds as number[] }) }];
};

// In two passes to the mask: T is b where Y > 0, else 0, with b a power of two above max; then max - Y - b + T is positive just
// between 0 and max, and without rounding near max
export const ClipGrad: LayoutRule = (node, layout) => {
  const [dY, y] = [node.input(0), node.input(1)];
  const max = node.has('max') ? node.number('max') : 0;
  if (!layout.isBlocked(y) || !node.has('min') || node.number('min') !== 0 || max <= 0) return undefined;
  const { g } = layout;
  const output = layout.blocked(y);
  const above = 2 ** (Math.floor(Math.log2(max)) + 1);
  const each = (value: number) => perChannel(g, Number(output.shape[1]), value);
  const clip = { name: 'Clip', parameters: [0, above] } as const;
  const sum = affine(g, output, each(STEEP), null, { activation: clip });
  const step = { name: 'HardSigmoid', parameters: [STEEP, 0] } as const;
  const mask = affine(g, output, each(-1), each(max - above), { sum, activation: step });
  return [{ blocked: mul(g, layout.blocked(dY), mask) }];
};

// The mask is HardSigmoid with a slope so steep that it is 1 for every positive number: cheaper than comparing
export const ReluGrad: LayoutRule = (node, layout) => {
  const [dY, y] = [node.input(0), node.input(1)];
  if (!layout.isBlocked(y)) return undefined;
  const mask = layout.g.op('HardSigmoid', [layout.blocked(y)], { alpha: STEEP, beta: 0 });
  return [{ blocked: mul(layout.g, layout.blocked(dY), mask) }];
};

export const Identity: LayoutRule = (node, layout) => {
  const x = node.input(0);
  return layout.isBlocked(x) ? [{ blocked: layout.blocked(x) }] : [{ plain: layout.plain(x) }];
};

export const Detach = Identity;

function mergePhases(node: Node, layout: Layout): Placed[] | undefined {
  const [a, b] = [layout.phased(node.input(0)), layout.phased(node.input(1))];
  const phased = a && b && addPhases(a, b);
  return phased && [{ phased }];
}

function mergeSum(node: Node, layout: Layout, side: 0 | 1): Placed[] | undefined {
  const [own, other] = [node.input(side), node.input(1 - side)];
  const pending = layout.pending(own);
  if (!pending || pending.sum || !sameShape(own.shape, other.shape)) return undefined;
  const sum = layout.blocked(other);
  if (layout.isOnlyFor(other, node)) return [{ pending: { ...pending, sum } }];
  // What is needed again isn't written over: it is added to the other, as a convolution that changes nothing
  const { g } = layout;
  const ones = perChannel(g, Number(sum.shape[1]), 1);
  return [{ pending: { build: (extras) => affine(g, sum, ones, null, { ...extras, sum: pending.build({}) }) } }];
}
