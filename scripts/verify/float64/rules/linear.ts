import type { Operator } from '../base/operator.js';
import { type Float64Tensor, float64 } from '../base/tensor.js';

/** alpha A' B' + beta C, with A' [m, k] and B' [k, n] transposed where asked for, and C [m, n] or [n]. */
export const Gemm: Operator = (node, inputs) => {
  const [a, b, c] = inputs as readonly [Float64Tensor, Float64Tensor, Float64Tensor?];
  const [alpha, beta] = [node.number('alpha', 1), node.number('beta', 1)];
  const [left, right] = [matrix(a, node.number('transA', 0) === 1), matrix(b, node.number('transB', 0) === 1)];
  const [m, k, n] = [left.rows, left.columns, right.columns];
  const result = float64([m, n]);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += left.at(i, l) * right.at(l, j);
      const added = c ? (c.data[(i * n + j) % c.data.length] as number) : 0;
      result.data[i * n + j] = alpha * sum + beta * added;
    }
  }
  return [result];
};

function matrix({ dims, data }: Float64Tensor, transposed: boolean) {
  const [height, width] = dims as [number, number];
  return transposed
    ? { rows: width, columns: height, at: (i: number, j: number) => data[j * width + i] as number }
    : { rows: height, columns: width, at: (i: number, j: number) => data[i * width + j] as number };
}
