import { checkPerChannel } from '../../node/channels.js';
import { formatShape, product, sameShape } from '../../node/dim.js';
import type { InferContext, InferRule } from '../../node/infer-rule.js';
import { windowOf, windowOutput } from '../../node/window.js';

export const Conv: InferRule = ({ node }) => {
  const [x, w] = [node.input(0), node.input(1)];
  if (x.shape.length !== w.shape.length)
    node.fail('rank of the weights', String(x.shape.length), String(w.shape.length));
  const kernel = x.shape.slice(2).map((_, i) => node.size(1, i + 2));
  const group = node.number('group', 1);
  const channels = product([w.shape[1] ?? 1, group]);
  if (x.shape[1] !== channels) {
    node.fail('input channels', `${channels} (weights' ${w.shape[1]} x group ${group})`, String(x.shape[1]));
  }
  const given = node.numbers('kernel_shape', kernel);
  if (!sameShape(given, kernel)) node.fail('kernel_shape', `the weights' ${formatShape(kernel)}`, formatShape(given));
  const filters = w.shape.slice(0, 1);
  const bias = node.inputs[2]?.shape ?? filters;
  if (!sameShape(bias, filters)) node.fail('bias', formatShape(filters), formatShape(bias));
  const window = windowOf(node, x, kernel);
  const spatial = kernel.map((_, i) => windowOutput(node, x.shape[i + 2], window, i));
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 1), ...filters, ...spatial] };
};

const pool: InferRule = ({ node, outputs }) => {
  const x = node.input(0);
  const window = windowOf(node, x, node.numbers('kernel_shape'));
  const ceil = node.number('ceil_mode', 0) === 1;
  const spatial = window.kernel.map((_, i) => windowOutput(node, x.shape[i + 2], window, i, ceil));
  const shape = [...x.shape.slice(0, 2), ...spatial];
  return [
    { dtype: x.dtype, shape },
    { dtype: 'int64' as const, shape },
  ].slice(0, outputs);
};

export const MaxPool = pool;
export const AveragePool = pool;
export const LpPool = pool;

const globalPool: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  return { dtype, shape: shape.map((dim, i) => (i < 2 ? dim : 1)) };
};

export const GlobalAveragePool = globalPool;
export const GlobalMaxPool = globalPool;

/** ONNX: inputs X, scale, B, input_mean, input_var; outputs Y and, in training mode, the new running statistics. */
export const BatchNormalization: InferRule = ({ node, outputs }: InferContext) => {
  const x = node.input(0);
  checkPerChannel(node, 5);
  const statistics = { dtype: node.input(3).dtype, shape: node.input(3).shape };
  return [{ dtype: x.dtype, shape: x.shape }, statistics, statistics].slice(0, outputs);
};
