import { type DType, dtypeOfCode } from '../../../onnx/tensor.js';
import { at } from '../../../util/checked.js';
import { broadcastShapes, type Dim, exactProduct, formatShape, quotient } from '../../node/dim.js';
import type { InferContext, InferRule, Inferred } from '../../node/infer-rule.js';

const unary: InferRule = ({ node, known }) => ({
  ...like(node.input(0)),
  known: node.op === 'Identity' ? known(0) : undefined,
});

const variadic = (context: InferContext): Inferred => ({
  dtype: context.node.input(0).dtype,
  shape: broadcast(context),
});

const comparison = (context: InferContext): Inferred => ({ dtype: 'bool', shape: broadcast(context) });

const arithmetic =
  (compute: (a: Dim, b: Dim, dtype: DType) => Dim | undefined): InferRule =>
  (context) => {
    const { node, known } = context;
    if (node.input(0).dtype !== node.input(1).dtype) {
      node.fail('types of the inputs', node.input(0).dtype, node.input(1).dtype);
    }
    const { dtype } = node.input(0);
    return {
      ...variadic(context),
      known: combine(known(0), known(1), (a, b) => compute(a, b, dtype)),
    };
  };

export const Identity = unary;
export const Neg = unary;
export const Exp = unary;
export const Log = unary;
export const Sqrt = unary;
export const Reciprocal = unary;
export const Abs = unary;
export const Sign = unary;
export const Floor = unary;
export const Ceil = unary;
export const Not = unary;

export const Add = arithmetic((a, b) => (typeof a === 'number' && typeof b === 'number' ? a + b : undefined));
export const Sub = arithmetic((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : undefined));
export const Mul = arithmetic((a, b) => exactProduct([a, b]));
export const Div = arithmetic((a, b, dtype) => quotient(a, b) ?? truncated(a, b, dtype));
export const Pow = variadic;
export const Min = variadic;
export const Max = variadic;
export const Sum = variadic;
export const Mean = variadic;

/** Sizes are never negative, so a symbol differs from the -1 that stands for "as it is" in exported Expands. */
export const Equal: InferRule = (context) => ({
  ...comparison(context),
  known: combine(context.known(0), context.known(1), equal),
});
export const Less = comparison;
export const LessOrEqual = comparison;
export const Greater = comparison;
export const GreaterOrEqual = comparison;
export const And = comparison;
export const Or = comparison;

export const Where: InferRule = (context) => {
  const { node, known } = context;
  const [condition, yes, no] = [known(0), known(1), known(2)];
  const fits = yes && no && condition?.length === yes.length && condition.length === no.length;
  return {
    dtype: node.input(1).dtype,
    shape: broadcast(context),
    known: fits ? condition?.map((chosen, i) => at(chosen === 1 ? yes : no, i)) : undefined,
  };
};

export const Cast: InferRule = ({ node, known }) => ({
  dtype: dtypeOfCode(node.number('to')),
  shape: node.input(0).shape,
  known: known(0),
});

function like({ dtype, shape }: Inferred): Inferred {
  return { dtype, shape };
}

function broadcast({ node }: InferContext) {
  const shapes = node.inputs.map((_, i) => node.input(i).shape);
  return broadcastShapes(shapes) ?? node.fail('inputs', 'shapes that broadcast', shapes.map(formatShape).join(' and '));
}

/** Division of integers cuts off. */
function truncated(a: Dim, b: Dim, dtype: DType): number | undefined {
  if (typeof a !== 'number' || typeof b !== 'number' || b === 0 || !dtype.includes('int')) return undefined;
  return Math.trunc(a / b);
}

function equal(a: Dim, b: Dim): number | undefined {
  if (a === b) return 1;
  if (typeof a === 'number' && typeof b === 'number') return 0;
  return (typeof a === 'number' && a < 0) || (typeof b === 'number' && b < 0) ? 0 : undefined;
}

function combine(
  a: readonly Dim[] | undefined,
  b: readonly Dim[] | undefined,
  compute: (a: Dim, b: Dim) => Dim | undefined,
): Dim[] | undefined {
  if (!a || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return undefined;
  const length = a.length === 1 ? b.length : a.length;
  const result: Dim[] = [];
  for (let i = 0; i < length; i++) {
    const value = compute(at(a, a.length === 1 ? 0 : i), at(b, b.length === 1 ? 0 : i));
    if (value === undefined) return undefined;
    result.push(value);
  }
  return result;
}
