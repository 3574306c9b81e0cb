import { product, quotient } from '../../node/dim.js';
import type { InferRule } from '../../node/infer-rule.js';

/** [N, C, H, W] -> [N, C / b^2, H * b, W * b]. */
export const DepthToSpace: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  const [n = 1, c = 1, h = 1, w = 1] = shape;
  const block = node.number('blocksize');
  const channels = quotient(c, block ** 2) ?? node.fail('channels', `a multiple of ${block ** 2}`, String(c));
  return { dtype, shape: [n, channels, product([h, block]), product([w, block])] };
};

/** [N, C, H, W] -> [N, C * b^2, H / b, W / b]. */
export const SpaceToDepth: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  const [n = 1, c = 1, ...spatial] = shape;
  const block = node.number('blocksize');
  const sizes = spatial.map(
    (size) => quotient(size, block) ?? node.fail('spatial sizes', `multiples of ${block}`, String(size)),
  );
  return { dtype, shape: [n, product([c, block ** 2]), ...sizes] };
};
