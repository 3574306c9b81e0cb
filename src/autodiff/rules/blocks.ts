import { reshape, transpose } from '../../graph/arithmetic.js';
import { mapTuple } from '../../util/checked.js';
import type { Rule } from '../rule/rule.js';

// Y[n, c, h b + i, w b + j] = X[n, (i, j, c), h, w], with CRD X[n, (c, i, j), h, w]: dX is dY, read so
export const DepthToSpace: Rule = ({ g, node, dY }) => {
  const block = node.number('blocksize');
  const [channels, height, width] = mapTuple([1, 2, 3], (axis) => node.size(0, axis));
  const split = reshape(g, dY, [-1, channels / block ** 2, height, block, width, block]);
  const order = node.string('mode', 'DCR') === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
  return [reshape(g, transpose(g, split, order), [-1, channels, height, width])];
};

// The other way round: dX is dY's blocks, put back
export const SpaceToDepth: Rule = ({ g, node, dY }) => [
  g.op('DepthToSpace', [dY], { blocksize: node.number('blocksize') }),
];
