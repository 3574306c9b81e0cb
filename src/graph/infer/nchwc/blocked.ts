import type { InferRule } from '../../node/infer-rule.js';
import { windowOf, windowOutput } from '../../node/window.js';

/*
 * com.microsoft.nchwc: ONNX Runtime's channel-blocked layout. A blocked tensor keeps the shape [N, C, H, W]; its bytes
 * are [N, C/b, H, W, b] for a block of b channels.
 */

export const ReorderInput: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  const [n, h, w, c] = shape;
  return { dtype, shape: node.number('channels_last', 0) ? [n ?? 1, c ?? 1, h ?? 1, w ?? 1] : shape };
};

export const ReorderOutput: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  const [n, , h, w] = shape;
  const channels = node.number('channels');
  const last = node.number('channels_last', 0) === 1;
  return { dtype, shape: last ? [n ?? 1, h ?? 1, w ?? 1, channels] : [n ?? 1, channels, h ?? 1, w ?? 1] };
};

/** (X, W, bias?, sum?): like Conv, plus `activation`, and a tensor that is added before it. */
export const Conv: InferRule = ({ node }) => {
  const x = node.input(0);
  const kernel = node.sizes(1).slice(2);
  const window = windowOf(node, x, kernel);
  const spatial = kernel.map((_, i) => windowOutput(node, x.shape[i + 2], window, i));
  return { dtype: x.dtype, shape: [x.shape[0] ?? 1, node.size(1, 0), ...spatial] };
};

export const MaxPool: InferRule = ({ node }) => {
  const x = node.input(0);
  const window = windowOf(node, x, node.numbers('kernel_shape'));
  const spatial = window.kernel.map((_, i) => windowOutput(node, x.shape[i + 2], window, i));
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...spatial] };
};

export const GlobalAveragePool: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  return { dtype, shape: [...shape.slice(0, 2), 1, 1] };
};
