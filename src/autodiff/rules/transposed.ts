import { reduceSum } from '../../graph/arithmetic.js';
import { range } from '../../graph/node/axes.js';
import type { Node } from '../../graph/node/node.js';
import type { Rule } from '../rule/rule.js';

// Y is what the convolution with these weights would pass back for X: dX is that convolution of dY, dW its weights' gradient
// for the image dY and the gradient X, dB = dY summed over all but the channels
export const ConvTranspose: Rule = ({ g, node, dY, needs }) => {
  const [x, w] = [node.input(0), node.input(1)];
  const attributes = convolutionOf(node);
  const dX = () => g.op('Conv', [dY, w], attributes);
  const dW = () => g.agon('ConvWeightGrad', [dY, x], attributes)[0] ?? null;
  const others = range(dY.shape.length).filter((axis) => axis !== 1);
  return [needs(0) ? dX() : null, needs(1) ? dW() : null, needs(2) ? reduceSum(g, dY, others) : null];
};

/** The attributes of the convolution from Y's sizes to X's, with all padding as numbers. */
function convolutionOf(node: Node) {
  const kernel = node.sizes(1).slice(2);
  const ones = kernel.map(() => 1);
  const [strides, dilations] = [node.numbers('strides', ones), node.numbers('dilations', ones)];
  const pads = padsOf(node, kernel, strides, dilations);
  return { kernel_shape: kernel, strides, dilations, pads, group: node.number('group', 1) };
}

function padsOf(
  node: Node,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): number[] {
  const mode = node.string('auto_pad', 'NOTSET');
  const zeros = kernel.flatMap(() => [0, 0]);
  if (mode === 'NOTSET' && !node.has('output_shape')) return [...node.numbers('pads', zeros)];
  if (mode === 'VALID') return zeros;
  const extra = node.numbers('output_padding', zeros);
  const totals = kernel.map((k, i) => {
    const [stride = 1, dilation = 1] = [strides[i], dilations[i]];
    const whole = (node.size(0, i + 2) - 1) * stride + dilation * (k - 1) + 1 + (extra[i] ?? 0);
    return Math.max(0, whole - Number(node.output().shape[i + 2]));
  });
  const [small, large] = [totals.map((total) => Math.floor(total / 2)), totals.map((total) => Math.ceil(total / 2))];
  return mode === 'SAME_UPPER' ? [...small, ...large] : [...large, ...small];
}
