import { matrixSizes } from '../../node/axes.js';
import type { InferRule } from '../../node/infer-rule.js';

/** com.microsoft FusedMatMul: MatMul with either side's last two axes transposed, times alpha. */
export const FusedMatMul: InferRule = ({ node }) => {
  const [a, b] = [node.input(0), node.input(1)];
  const [rows, inner] = matrixSizes(node, a, 'transA');
  const [other, columns] = matrixSizes(node, b, 'transB');
  if (inner !== other) node.fail('inner sizes', 'two that are equal', `${inner} and ${other}`);
  return { dtype: a.dtype, shape: [...a.shape.slice(0, -2), rows, columns] };
};
