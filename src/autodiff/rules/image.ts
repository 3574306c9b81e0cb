import { add, expandLike, mul, reduceSum, reshapeTo, scale } from '../../graph/arithmetic.js';
import { asNumbers } from '../../graph/node/dim.js';
import type { Node, Value } from '../../graph/node/node.js';
import { windowAttributes, windowOf } from '../../graph/node/window.js';
import type { Rule } from '../rule/rule.js';

// dX and dW as the semantic operators of those names, dB = dY summed over all but the channels
export const Conv: Rule = ({ g, node, dY, needs }) => {
  const [x, w] = [node.input(0), node.input(1)];
  const kernel = node.sizes(1).slice(2);
  const attributes = {
    ...windowAttributes(windowOf(node, x, kernel)),
    kernel_shape: kernel,
    group: node.number('group', 1),
  };
  const dX = () => g.agon('ConvInputGrad', [dY, w], { ...attributes, input_size: spatialSizes(node) });
  const dW = () => g.agon('ConvWeightGrad', [x, dY], attributes);
  const channels = dY.shape.map((_, i) => i).filter((axis) => axis !== 1);
  return [
    needs(0) ? (dX()[0] ?? null) : null,
    needs(1) ? (dW()[0] ?? null) : null,
    needs(2) ? reduceSum(g, dY, channels) : null,
  ];
};

export const MaxPool: Rule = ({ g, node, dY }) => {
  if (node.outputs.length > 1) node.fail('the Indices output', 'none in a graph that is trained', 'one');
  return g.agon('MaxPoolGrad', [dY, node.input(0), node.output()], poolAttributes(node));
};

export const AveragePool: Rule = ({ g, node, dY }) => {
  const counted = { count_include_pad: node.number('count_include_pad', 0), input_size: spatialSizes(node) };
  return g.agon('AveragePoolGrad', [dY], { ...poolAttributes(node), ...counted });
};

// dX = dY / (number of positions), the same everywhere
export const GlobalAveragePool: Rule = ({ g, node, dY }) => {
  const positions = spatialSizes(node).reduce((count, size) => count * size, 1);
  return [expandLike(g, scale(g, dY, 1 / positions), node.input(0))];
};

export const BatchNormTraining: Rule = ({ g, node, dY }) => {
  const [x, weight] = [node.input(0), node.input(1)];
  return g.agon('BatchNormTrainingGrad', [dY, x, weight, node.output(1), node.output(3)]);
};

// Inference form, Y = (X - mean) * scale / sqrt(var + eps) + bias with fixed statistics
export const BatchNormalization: Rule = ({ g, node, dY, needs }) => {
  if (node.number('training_mode', 0))
    node.fail('training_mode=1', 'its training form', undefined, 'Convert the graph with trainingForm first');
  if (needs(3) || needs(4)) node.fail('gradient of the running statistics', 'none', 'one that is asked for');
  const perChannel = (value: Value) => reshapeTo(g, value, [value.shape[0] ?? 1, ...spatialSizes(node).map(() => 1)]);
  const deviation = g.op('Sqrt', [add(g, node.input(4), g.scalar(node.number('epsilon', 1e-5)))]);
  const centred = g.op('Sub', [node.input(0), perChannel(node.input(3))]);
  const axes = dY.shape.map((_, i) => i).filter((axis) => axis !== 1);
  const dScale = () => g.op('Div', [reduceSum(g, mul(g, dY, centred), axes), deviation]);
  const dX = () => mul(g, dY, perChannel(g.op('Div', [node.input(1), deviation])));
  return [needs(0) ? dX() : null, needs(1) ? dScale() : null, needs(2) ? reduceSum(g, dY, axes) : null, null, null];
};

export const GlobalMaxPool: Rule = ({ g, node, dY }) => {
  const attributes = { kernel_shape: spatialSizes(node), strides: spatialSizes(node).map(() => 1) };
  return g.agon('MaxPoolGrad', [dY, node.input(0), node.output()], attributes);
};

function poolAttributes(node: Node) {
  const kernel = node.numbers('kernel_shape');
  const window = windowAttributes(windowOf(node, node.input(0), kernel));
  return { ...window, kernel_shape: kernel, ceil_mode: node.number('ceil_mode', 0) };
}

function spatialSizes(node: Node): number[] {
  const sizes = asNumbers(node.input(0).shape.slice(2));
  return sizes ?? node.fail('spatial sizes', 'known numbers', node.input(0).shape.join(', '));
}
