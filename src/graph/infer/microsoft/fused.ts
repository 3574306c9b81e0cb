import type { Dim } from '../../node/dim.js';
import type { InferRule } from '../../node/infer-rule.js';

/** com.microsoft FusedMatMul: MatMul with either side's last two axes transposed, times alpha. */
export const FusedMatMul: InferRule = ({ node }) => {
  const [a, b] = [node.input(0), node.input(1)];
  const [rows, inner] = node.number('transA', 0) ? [a.shape.at(-1), a.shape.at(-2)] : [a.shape.at(-2), a.shape.at(-1)];
  const [other, columns] = node.number('transB', 0)
    ? [b.shape.at(-1), b.shape.at(-2)]
    : [b.shape.at(-2), b.shape.at(-1)];
  if (inner !== other) node.fail('inner sizes', 'two that are equal', `${inner} and ${other}`);
  return { dtype: a.dtype, shape: [...a.shape.slice(0, -2), rows as Dim, columns as Dim] };
};
