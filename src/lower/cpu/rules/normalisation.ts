import { add, div, mul, neg, reduceSum, reshape, sub } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node.js';
import { tensor } from '../../../onnx/tensor.js';
import { affine, asRows, type Blocked, blockedGlobalAverage, type Extras } from '../blocked.js';
import type { LayoutRule } from '../layout.js';

/** Statistics in two passes over memory and no copy; the normalisation is put off, to be merged with what follows. */
export const BatchNormTraining: LayoutRule = (node, layout) => {
  const source = node.input(0);
  if (!layout.isBlocked(source)) return undefined;
  const { g, block } = layout;
  const x = layout.blocked(source);
  const [weight, bias] = [layout.plain(node.input(1)), layout.plain(node.input(2))];
  const n = g.scalar(elements(x));
  const mean = channelMean(g, x);
  const power = div(g, channelDots(g, x, x, block), n);
  const variance = g.op('Relu', [sub(g, power, mul(g, mean, mean))]);
  const inverse = g.op('Reciprocal', [g.op('Sqrt', [add(g, variance, g.scalar(node.number('epsilon', 1e-5)))])]);
  const scale = mul(g, weight, inverse);
  const shift = sub(g, bias, mul(g, mean, scale));
  const pending = { build: (extras: Extras) => affine(g, x, scale, shift, extras) };
  return [{ pending }, { plain: mean }, { plain: variance }, { plain: inverse }];
};

// With r the inverse deviation: dBias = sum dY, dScale = r (sum dY X - mean dBias), and dX = a dY + b X + c per channel with
// a = scale r, b = -a r dScale / n, c = -a dBias / n - b mean
export const BatchNormTrainingGrad: LayoutRule = (node, layout) => {
  const source = node.input(1);
  if (!layout.isBlocked(source)) return undefined;
  const { g, block } = layout;
  const [dY, x] = [layout.blocked(node.input(0)), layout.blocked(source)];
  const [weight, mean, inverse] = [2, 3, 4].map((i) => layout.plain(node.input(i))) as [Value, Value, Value];
  const n = g.scalar(elements(x));
  const meanGrad = channelMean(g, dY);
  const dBias = mul(g, meanGrad, n);
  const dScale = mul(g, inverse, sub(g, channelDots(g, dY, x, block), mul(g, mean, dBias)));
  const a = mul(g, weight, inverse);
  const b = neg(g, mul(g, mul(g, a, inverse), div(g, dScale, n)));
  const c = neg(g, add(g, mul(g, a, meanGrad), mul(g, b, mean)));
  const dX = affine(g, dY, a, null, { sum: affine(g, x, b, c) });
  return [{ blocked: dX }, { plain: dScale }, { plain: dBias }];
};

/** Mean over images and positions [C]: blocked global average pooling, then over the images. */
function channelMean(g: Graph, x: Blocked): Value {
  const perImage = reshape(g, blockedGlobalAverage(g, x), [-1, Number(x.shape[1])]);
  return g.op('ReduceMean', [perImage, g.integers([0])], { keepdims: 0 });
}

/**
 * sum(a * b) over images and positions [C]: the diagonals of each block's product A^T B [b, b]. Multiplying blocks by
 * blocks costs b times the work of the diagonal, but reads memory once and writes none.
 */
function channelDots(g: Graph, a: Blocked, b: Blocked, block: number): Value {
  const [n, channels] = [Number(a.shape[0]), Number(a.shape[1])];
  const products = g.microsoft('FusedMatMul', [asRows(g, a, block), asRows(g, b, block)], { transA: 1 });
  const perChannelBlock = reduceSum(g, reshape(g, products, [n, channels / block, block, block]), [0]);
  const identity = Float32Array.from({ length: block * block }, (_, i) => (i % (block + 1) === 0 ? 1 : 0));
  const diagonal = mul(g, perChannelBlock, g.constant(tensor('float32', [block, block], identity)));
  return reshape(g, reduceSum(g, diagonal, [2]), [channels]);
}

function elements(x: Value): number {
  const [n, , h, w] = x.shape as readonly number[];
  return Number(n) * Number(h) * Number(w);
}
