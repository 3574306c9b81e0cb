import { mul, reshape } from '../../../graph/arithmetic.js';
import { sameShape } from '../../../graph/node/dim.js';
import type { Node, Value } from '../../../graph/node/node.js';
import { affine, perChannel, STEEP } from '../blocked/blocked.js';
import type { Layout, LayoutRule, Placed } from '../blocked/layout.js';
import { addPhases } from '../blocked/phases.js';

/** Operators that treat all elements alike work on blocked tensors as they are; single numbers join in. */
const anyLayout: LayoutRule = (node, layout) => {
  const output = node.output();
  if (!layout.canBlock(output) || !node.inputs.some((value) => value && layout.isBlocked(value))) return undefined;
  const fits = node.inputs.every((value) => !value || isSingle(value) || sameShape(value.shape, output.shape));
  if (!fits) return undefined;
  const inputs = node.inputs.map((value) => value && (isSingle(value) ? layout.plain(value) : layout.blocked(value)));
  return [{ blocked: layout.g.op(node.op, inputs, node.attributes) }];
};

/** The same where it may be infinite at small numbers: what follows the channels in their last block must stay finite. */
const wholeBlocksOnly: LayoutRule = (node, layout) =>
  Number(node.output().shape[1]) % layout.block === 0 ? anyLayout(node, layout) : undefined;

export const Sub = anyLayout;
export const Neg = anyLayout;
export const Sum = anyLayout;
export const Mean = anyLayout;
export const Max = anyLayout;
export const Min = anyLayout;
export const Abs = anyLayout;
export const Sign = anyLayout;
export const Floor = anyLayout;
export const Ceil = anyLayout;
export const Sqrt = anyLayout;

export const Erf = anyLayout;
export const Greater = anyLayout;
export const GreaterOrEqual = anyLayout;
export const Less = anyLayout;
export const LessOrEqual = anyLayout;
export const Equal = anyLayout;
export const And = anyLayout;
export const Or = anyLayout;
export const Not = anyLayout;
export const Where = anyLayout;
export const Cast = anyLayout;

export const Div = wholeBlocksOnly;
export const Exp = wholeBlocksOnly;
export const Log = wholeBlocksOnly;
export const Pow = wholeBlocksOnly;
export const Reciprocal = wholeBlocksOnly;

export const LeakyRelu = anyLayout;
export const ThresholdedRelu = anyLayout;
export const Elu = anyLayout;
export const Selu = anyLayout;
export const Celu = anyLayout;
export const Sigmoid = anyLayout;
export const HardSigmoid = anyLayout;
export const HardSwish = anyLayout;
export const Tanh = anyLayout;
export const Gelu = anyLayout;
export const Mish = anyLayout;
export const Softplus = anyLayout;
export const Softsign = anyLayout;

/** A factor for each channel is a convolution of one tap. */
export const Mul: LayoutRule = (node, layout) => {
  const common = anyLayout(node, layout);
  if (common) return common;
  const [a, b] = [node.input(0), node.input(1)];
  const [image, factor] = isPerChannel(b, a) ? [a, b] : [b, a];
  if (!isPerChannel(factor, image) || !layout.isBlocked(image)) return undefined;
  return [{ blocked: affine(layout.g, layout.blocked(image), perChannelOf(layout, factor), null) }];
};

// With a slope for each channel: Y = slope * min(X, 0) + max(X, 0)
export const PRelu: LayoutRule = (node, layout) => {
  const [x, slope] = [node.input(0), node.input(1)];
  if (!isPerChannel(slope, x) || !layout.isBlocked(x)) return anyLayout(node, layout);
  const { g } = layout;
  const image = layout.blocked(x);
  const below = g.op('Min', [image, g.scalar(0)]);
  return [{ blocked: affine(g, below, perChannelOf(layout, slope), null, { sum: g.op('Relu', [image]) }) }];
};

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
  if (!pending || !bounds.every((bound) => bound !== undefined)) return anyLayout(node, layout);
  return [{ blocked: layout.complete(pending, { name: 'Clip', parameters: bounds }) }];
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

/** Whether a value is one number, whatever its axes. */
function isSingle({ shape }: Value): boolean {
  return shape.length <= 4 && shape.every((size) => size === 1);
}

/** Whether a value is one number for each channel of images: [C, 1, 1] or [1, C, 1, 1]. */
function isPerChannel({ shape }: Value, images: Value): boolean {
  const [channels, ...spatial] = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  const isAligned = spatial.length === 2 && spatial.every((size) => size === 1);
  return images.shape.length === 4 && isAligned && channels === images.shape[1];
}

function perChannelOf(layout: Layout, value: Value): Value {
  return reshape(layout.g, layout.plain(value), [-1]);
}

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
