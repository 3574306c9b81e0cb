import { add, div, mul } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { present } from '../util/error.js';

/** PyTorch's, against a division by 0. */
const EPSILON = 1e-6;

/** One network's gradients, scaled by min(1, clipNorm / (norm + 1e-6)) with the norm of all of them, as torch.nn.utils.clip_grad_norm_. */
export function clipByNorm(g: Graph, gradients: readonly Value[], clipNorm: number): Value[] {
  const squares = gradients.map((gradient) => g.op('ReduceSumSquare', [gradient], { keepdims: 0 }));
  const norm = g.op('Sqrt', [squares.length === 1 ? present(squares[0], 'a gradient') : g.op('Sum', squares)]);
  const factor = g.op('Min', [div(g, g.scalar(clipNorm), add(g, norm, g.scalar(EPSILON))), g.scalar(1)]);
  return gradients.map((gradient) => mul(g, gradient, factor));
}
