import { at } from '../../../util/checked.js';
import { matrixSizes } from '../../node/axes.js';
import { broadcastShapes, type Dim, formatShape, sameShape } from '../../node/dim.js';
import type { InferRule } from '../../node/infer-rule.js';
import type { Node } from '../../node/node.js';

export const MatMul: InferRule = ({ node }) => {
  const [a, b] = [node.input(0), node.input(1)];
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const batch =
    broadcastShapes([left.slice(0, -2), right.slice(0, -2)]) ?? node.fail('batch axes', 'shapes that broadcast');
  checkInner(node, left.at(-1), right.at(-2));
  const rows = a.shape.length === 1 ? [] : [at(left, left.length - 2)];
  const columns = b.shape.length === 1 ? [] : [at(right, right.length - 1)];
  return { dtype: a.dtype, shape: [...batch, ...rows, ...columns] };
};

export const Gemm: InferRule = ({ node }) => {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    node.fail('inputs', 'two matrices', `${formatShape(a.shape)} and ${formatShape(b.shape)}`);
  }
  const [rows, inner] = matrixSizes(node, a, 'transA');
  const [other, columns] = matrixSizes(node, b, 'transB');
  checkInner(node, inner, other);
  const shape = [rows, columns];
  const bias = node.inputs[2]?.shape;
  if (bias && !sameShape(broadcastShapes([shape, bias]) ?? [], shape)) {
    node.fail('bias', `a shape that broadcasts to ${formatShape(shape)}`, formatShape(bias));
  }
  return { dtype: a.dtype, shape };
};

function checkInner(node: Node, left: Dim | undefined, right: Dim | undefined): void {
  if (left === undefined || left !== right) node.fail('inner sizes', 'two that are equal', `${left} and ${right}`);
}
