import type { Operator } from '../base/operator.js';
import { type Float64Tensor, float64 } from '../base/tensor.js';

/** Channel k of X, at (h, w), is channel c of Y, at (h b + i, w b + j). */
export const DepthToSpace: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const b = node.number('blocksize');
  const [n, channels, height, width] = x.dims as [number, number, number, number];
  const y = float64([n, channels / b ** 2, height * b, width * b]);
  const last = node.string('mode', 'DCR') === 'CRD';
  eachOf(x.dims, ([image, k, h, w], from) => {
    const depth = channels / b ** 2;
    const [c, block] = last ? [Math.floor(k / b ** 2), k % b ** 2] : [k % depth, Math.floor(k / depth)];
    const [i, j] = [Math.floor(block / b), block % b];
    y.data[at(y.dims, [image, c, h * b + i, w * b + j])] = x.data[from] as number;
  });
  return [y];
};

/** Channel c of X, at (h b + i, w b + j), is channel (i, j, c) of Y, at (h, w). */
export const SpaceToDepth: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const b = node.number('blocksize');
  const [n, channels, height, width] = x.dims as [number, number, number, number];
  const y = float64([n, channels * b ** 2, height / b, width / b]);
  eachOf(x.dims, ([image, c, h, w], from) => {
    const k = ((h % b) * b + (w % b)) * channels + c;
    y.data[at(y.dims, [image, k, Math.floor(h / b), Math.floor(w / b)])] = x.data[from] as number;
  });
  return [y];
};

type Index = readonly [number, number, number, number];

function eachOf(dims: readonly number[], visit: (index: Index, position: number) => void): void {
  const [n, channels, height, width] = dims as Index;
  let position = 0;
  for (let image = 0; image < n; image++)
    for (let c = 0; c < channels; c++)
      for (let h = 0; h < height; h++) for (let w = 0; w < width; w++) visit([image, c, h, w], position++);
}

function at(dims: readonly number[], index: Index): number {
  return index.reduce((position, i, axis) => position * (dims[axis] as number) + i, 0);
}
