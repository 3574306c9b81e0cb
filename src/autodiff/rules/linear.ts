import { reduceSum, reshapeTo, scale, transpose } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { range } from '../../graph/node/axes.js';
import type { Node, Value } from '../../graph/node/node.js';
import type { Rule } from '../rule/rule.js';

// Y = alpha * A' B' + beta * C: dA' = alpha * dY B'^T, dB' = alpha * A'^T dY, dC = beta * dY
export const Gemm: Rule = ({ g, node, dY, needs }) => {
  const [a, b, alpha] = [node.input(0), node.input(1), node.number('alpha', 1)];
  const [transA, transB] = [node.number('transA', 0), node.number('transB', 0)];
  const gemm = (x: Value, y: Value, tx: number, ty: number) => g.op('Gemm', [x, y], { alpha, transA: tx, transB: ty });
  const dA = () => (transA ? gemm(b, dY, transB, 1) : gemm(dY, b, 0, 1 - transB));
  const dB = () => (transB ? gemm(dY, a, 1, transA) : gemm(a, dY, 1 - transA, 0));
  return [needs(0) ? dA() : null, needs(1) ? dB() : null, node.inputs[2] ? scale(g, dY, node.number('beta', 1)) : null];
};

// dA = dY B^T, dB = A^T dY, over the broadcast batch axes
export const MatMul: Rule = ({ g, node, dY, needs }) => {
  const [a, b] = [asMatrix(g, node, 0), asMatrix(g, node, 1)];
  const dMatrix = reshapeTo(g, dY, [...dY.shape.slice(0, batchRank(node)), a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1]);
  const dA = () => g.op('MatMul', [dMatrix, swapLast(g, b)]);
  const dB = () => g.op('MatMul', [swapLast(g, a), dMatrix]);
  return [needs(0) ? likeVector(g, node, 0, dA()) : null, needs(1) ? likeVector(g, node, 1, dB()) : null];
};

/** A vector operand as the matrix that MatMul takes it for: a row on the left, a column on the right. */
function asMatrix(g: Graph, node: Node, i: 0 | 1): Value {
  const x = node.input(i);
  if (x.shape.length > 1) return x;
  return reshapeTo(g, x, i === 0 ? [1, ...x.shape] : [...x.shape, 1]);
}

/** Sums a matrix gradient over batch axes for an operand that was a vector. */
function likeVector(g: Graph, node: Node, i: 0 | 1, gradient: Value): Value {
  const { shape } = node.input(i);
  if (shape.length > 1) return gradient;
  return reshapeTo(g, reduceSum(g, gradient, range(gradient.shape.length - 2)), shape);
}

function batchRank(node: Node): number {
  return Math.max(node.input(0).shape.length, node.input(1).shape.length, 2) - 2;
}

function swapLast(g: Graph, x: Value): Value {
  const rank = x.shape.length;
  return transpose(g, x, [...range(rank - 2), rank - 1, rank - 2]);
}
