import { mul, reduceSum, reshape, scale, sub, transpose } from '../../../src/graph/arithmetic.js';
import { Graph } from '../../../src/graph/graph.js';
import type { StatefulGraph } from '../../../src/lower/stateful-graph.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { stream } from '../../../src/util/random.js';

const [ROWS, IN, OUT] = [32, 256, 64];
const RATE = 1e-3;

/** A step of linear regression, the smallest there is: w' = w - rate * x^T (x w - y). Its state has 64 KB, its larger input 32 KB. */
export function regression(): StatefulGraph {
  const g = new Graph('regression');
  const x = g.input('x', 'float32', [ROWS, IN]);
  const y = g.input('y', 'float32', [ROWS, OUT]);
  const w = g.parameter('w', [IN, OUT], { kind: 'constant', value: 0 });
  const error = sub(g, g.op('MatMul', [x, w]), y);
  const gradient = g.op('MatMul', [transpose(g, x, [1, 0]), error]);
  g.output('w.next', sub(g, w, scale(g, gradient, RATE)));
  const squares = mul(g, error, error);
  g.output('loss', reduceSum(g, squares, [0, 1]));
  g.output('squares', reshape(g, squares, [2, ROWS / 2, OUT]));
  return { graph: g, state: ['w'], nextOf: (name) => `${name}.next` };
}

export const begin: ReadonlyMap<string, Tensor> = new Map([['w', drawn([IN, OUT], 'w', 0)]]);

/** What is fed in the k-th step. */
export function feedsOf(k: number): { readonly x: Tensor; readonly y: Tensor } {
  return { x: drawn([ROWS, IN], 'x', k), y: drawn([ROWS, OUT], 'y', k) };
}

function drawn(dims: readonly [number, number], name: string, k: number): Tensor {
  const random = stream(7, name, k);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: dims[0] * dims[1] }, () => random.uniform() - 0.5),
  );
}

/** The squared errors [ROWS, OUT] in some steps, by plain loops in float64. */
export function squaredErrors(steps: number): number[][] {
  const w = toNumbers(begin.get('w') as Tensor);
  return Array.from({ length: steps }, (_, k) => {
    const feeds = feedsOf(k);
    const [x, y] = [toNumbers(feeds.x), toNumbers(feeds.y)];
    const error = y.map((target, at) => {
      const [r, o] = [Math.floor(at / OUT), at % OUT];
      let sum = -target;
      for (let i = 0; i < IN; i++) sum += (x[r * IN + i] as number) * (w[i * OUT + o] as number);
      return sum;
    });
    for (let at = 0; at < w.length; at++) {
      const [i, o] = [Math.floor(at / OUT), at % OUT];
      let sum = 0;
      for (let r = 0; r < ROWS; r++) sum += (x[r * IN + i] as number) * (error[r * OUT + o] as number);
      w[at] = (w[at] as number) - RATE * sum;
    }
    return error.map((e) => e * e);
  });
}
