import type { InferRule } from '../../node/infer-rule.js';
import type { Node } from '../../node/node.js';

/** Spatial sizes: (in - 1) * stride + span + output_padding - pads; or `output_shape`, or in * stride when padded as SAME. */
export const ConvTranspose: InferRule = ({ node }) => {
  const x = node.input(0);
  const kernel = node.sizes(1).slice(2);
  if (x.shape.length !== kernel.length + 2)
    node.fail('rank of the weights', String(x.shape.length), String(kernel.length + 2));
  if (node.size(0, 1) !== node.size(1, 0)) node.fail('input channels', String(node.size(1, 0)), String(x.shape[1]));
  const spatial = node.has('output_shape') ? node.numbers('output_shape').slice(-kernel.length) : sizesOf(node, kernel);
  return { dtype: x.dtype, shape: [x.shape[0] ?? 1, node.size(1, 1) * node.number('group', 1), ...spatial] };
};

function sizesOf(node: Node, kernel: readonly number[]): number[] {
  const axes = kernel.length;
  const [ones, zeros] = [new Array<number>(axes).fill(1), new Array<number>(2 * axes).fill(0)];
  const [strides, dilations] = [node.numbers('strides', ones), node.numbers('dilations', ones)];
  const [pads, extra] = [node.numbers('pads', zeros), node.numbers('output_padding', zeros)];
  const mode = node.string('auto_pad', 'NOTSET');
  return kernel.map((k, i) => {
    const [size, stride] = [node.size(0, i + 2), strides[i] ?? 1];
    if (mode.startsWith('SAME')) return size * stride;
    const padding = mode === 'VALID' ? 0 : (pads[i] ?? 0) + (pads[i + axes] ?? 0);
    return (size - 1) * stride + (dilations[i] ?? 1) * (k - 1) + 1 + (extra[i] ?? 0) - padding;
  });
}
