import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { add, mul, reduceSum, scale } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';
import { type Feeds, runGraph } from '../support/run.js';

const vector = (...values: number[]) => tensor('float32', [values.length], values);

/** A graph with inputs x and y of three numbers. */
function start() {
  const g = new Graph('test');
  return { g, x: g.input('x', 'float32', [3]), y: g.input('y', 'float32', [3]) };
}

/** The gradients of a loss over x and y, as numbers; null where there is none. */
async function differentiate(build: (g: Graph, x: Value, y: Value) => Value): Promise<(number[] | null)[]> {
  const { g, x, y } = start();
  const grads = gradients(g, build(g, x, y), [x, y]);
  grads.forEach((grad, i) => {
    if (grad) g.output(`d${i}`, grad);
  });
  if (g.outputs.size === 0) return grads.map(() => null);
  const results = await runGraph(g, { x: vector(1, -2, 3), y: vector(0.5, 4, -1) });
  return grads.map((grad, i) => (grad ? toNumbers(results[`d${i}`] as Tensor) : null));
}

describe('an operator that gradients cannot pass', () => {
  it('without a rule is an error that names operator and node', () => {
    const { g, x } = start();
    const loss = reduceSum(
      g,
      g.within('head', () => g.op('ReduceProd', [x])),
      [0],
    );
    const text =
      /^ReduceProd "head\/ReduceProd": this operator has no gradient rule, because .+\. The network can’t be trained through it$/;
    expect(() => gradients(g, loss, [x])).toThrow(text);
  });

  it('without a derivative is an error that says so', () => {
    const { g, x } = start();
    const loss = g.op('Floor', [x], {}, { name: 'steps' });
    expect(() => gradients(g, loss, [x])).toThrow(/^Floor "steps": this operator has no derivative/);
  });

  it('of another domain is an error, whatever its name', () => {
    const { g } = start();
    const [a, b] = [g.input('a', 'float32', [2, 3]), g.input('b', 'float32', [3, 2])];
    const loss = g.microsoft('FusedMatMul', [a, b], {}, { name: 'product' });
    expect(() => gradients(g, loss, [a])).toThrow(
      /^com\.microsoft\.FusedMatMul "product": this operator has no gradient rule/,
    );
  });

  it('is no matter off the way from the values to the loss', async () => {
    const grads = await differentiate((g, x, y) => {
      g.op('ReduceProd', [x]);
      return add(g, mul(g, x, y), g.op('ReduceProd', [g.constant(vector(1, 2, 3))]));
    });
    expect(grads).toEqual([
      [0.5, 4, -1],
      [1, -2, 3],
    ]);
  });

  it('Dropout in training mode is an error that names the node', () => {
    const { g, x } = start();
    const training = g.constant(tensor('bool', [], [1]));
    const loss = g.op('Dropout', [x, g.scalar(0.5), training], {}, { name: 'drop' });
    expect(() => gradients(g, loss, [x])).toThrow(/^Dropout "drop": Dropout in training mode/);
  });

  it('Dropout whose mode is computed is an error too, in inference mode it is not', () => {
    const { g, x } = start();
    const mode = g.input('mode', 'bool', []);
    const dropped = g.op('Dropout', [x, g.scalar(0.5), mode], {}, { name: 'drop' });
    expect(() => gradients(g, dropped, [x])).toThrow(/^Dropout "drop"/);
    const inference = g.op('Dropout', [x, g.scalar(0.5), g.constant(tensor('bool', [], [0]))]);
    expect(gradients(g, inference, [x])[0]?.shape).toEqual([3]);
  });

  it('BatchNormTraining asked for the gradient of its statistics is an error that names the node', () => {
    const g = new Graph('test');
    const x = g.input('x', 'float32', [4, 3]);
    const [weight, bias] = [g.input('weight', 'float32', [3]), g.input('bias', 'float32', [3])];
    const [, mean] = g.agon('BatchNormTraining', [x, weight, bias], { epsilon: 1e-5 }, { name: 'norm' });
    expect(() => gradients(g, mean as Value, [x])).toThrow(/BatchNormTraining "norm"/);
  });
});

describe('the reverse walk', () => {
  it('adds up the shares of a value that is used more than once', async () => {
    // x^2 + 3x + x
    const sum = await differentiate((g, x) => add(g, add(g, mul(g, x, x), scale(g, x, 3)), x));
    expect(sum).toEqual([[6, 0, 10], null]);
    // x, three times over, weighed 1, 2, 3
    const concatenated = await differentiate((g, x) => {
      const weights = g.constant(vector(1, 1, 1, 2, 2, 2, 3, 3, 3));
      return mul(g, g.op('Concat', [x, x, x], { axis: 0 }), weights);
    });
    expect(concatenated).toEqual([[6, 6, 6], null]);
  });

  it('adds up over a diamond: both ways from one intermediate value', async () => {
    // h = x y; h^2 + 2h: dx = (2h + 2) y
    const grads = await differentiate((g, x, y) => {
      const h = mul(g, x, y);
      return add(g, mul(g, h, h), scale(g, h, 2));
    });
    expect(grads).toEqual([
      [1.5, -56, 4],
      [3, 28, -12],
    ]);
  });

  it('gives null for what the loss does not depend on', async () => {
    expect(await differentiate((g, x) => scale(g, x, 2))).toEqual([[2, 2, 2], null]);
    const { g, x, y } = start();
    const later = mul(g, x, y);
    expect(gradients(g, x, [y, later])).toEqual([null, null]);
  });

  it('differentiates by intermediate values, and a value by itself', async () => {
    const { g, x } = start();
    const h = scale(g, x, 2);
    const [dh, dx, self] = gradients(g, mul(g, h, h), [h, x, h]);
    g.output('dh', dh as Value);
    g.output('dx', dx as Value);
    expect(self).toBe(dh);
    const [one] = gradients(g, x, [x]);
    g.output('one', one as Value);
    const results = await runGraph(g, { x: vector(1, -2, 3), y: vector(0, 0, 0) });
    expect(Object.fromEntries(Object.entries(results).map(([name, value]) => [name, toNumbers(value)]))).toEqual({
      dh: [4, -8, 12],
      dx: [8, -16, 24],
      one: [1, 1, 1],
    });
  });

  it('takes a split value of which one part counts', async () => {
    const grads = await differentiate((g, x) => {
      const parts = g.ops('Split', [x, g.integers([1, 1, 1])], { axis: 0 }, { outputs: 3 });
      return scale(g, parts[1] as Value, 5);
    });
    expect(grads).toEqual([[0, 5, 0], null]);
  });

  it('is blocked by Detach', async () => {
    // x * constant(x y): the gradient of x is x y, y has none
    const grads = await differentiate((g, x, y) => mul(g, x, g.agon('Detach', [mul(g, x, y)])[0] as Value));
    expect(grads).toEqual([[0.5, -8, -3], null]);
    expect(await differentiate((g, x) => g.agon('Detach', [x])[0] as Value)).toEqual([null, null]);
  });
});

describe('rules that the gradient table leaves out', () => {
  it('Where: each side gets the gradient where it was chosen', async () => {
    const grads = await differentiate((g, x, y) => {
      const chosen = g.op('Where', [g.op('Greater', [x, g.scalar(0)]), scale(g, x, 10), scale(g, y, 7)]);
      return mul(g, chosen, g.constant(vector(1, 2, 3)));
    });
    expect(grads).toEqual([
      [10, 0, 30],
      [0, 14, 0],
    ]);
  });

  it('Where: broadcast sides get the sum over their choices', async () => {
    const grads = await differentiate((g, x, y) => {
      const condition = g.constant(tensor('bool', [2, 3], [1, 0, 1, 1, 1, 0]));
      const rows = g.op('Where', [condition, x, g.op('ReduceSum', [y], { keepdims: 1 })]);
      return mul(g, rows, g.constant(tensor('float32', [2, 3], [1, 2, 3, 4, 5, 6])));
    });
    expect(grads).toEqual([
      [5, 5, 3],
      [8, 8, 8],
    ]);
  });
});

describe('a symbolic batch', () => {
  const random = stream(41, 'symbolic');
  const normal = (...dims: number[]) =>
    tensor(
      'float32',
      dims,
      Float32Array.from({ length: elementCount(dims) }, () => random.normal()),
    );
  const parameters: Feeds = {
    kernel: normal(6, 3, 3, 3),
    strided: normal(4, 6, 3, 3),
    depthwise: normal(4, 1, 3, 3),
    scale: normal(6),
    shift: normal(6),
    matrix: normal(5, 36),
    bias: normal(5),
  };

  /** Convolutions of three kinds, BatchNorm, pooling, Reshape, Gemm and ReduceMean over the batch; with all gradients. */
  function build(batch: number | string): Graph {
    const g = new Graph('symbolic');
    const x = g.input('x', 'float32', [batch, 3, 6, 6]);
    const p = (name: string) => values.get(name) as Value;
    const values = new Map(
      Object.entries(parameters).map(([name, { dims }]) => [name, g.input(name, 'float32', dims)]),
    );
    const pads = [1, 1, 1, 1];
    const stem = g.op('Conv', [x, p('kernel')], { pads });
    const [normalised] = g.agon('BatchNormTraining', [stem, p('scale'), p('shift')], { epsilon: 1e-5 });
    const active = g.op('Relu', [normalised as Value]);
    const halved = g.op('Conv', [active, p('strided')], { pads, strides: [2, 2] });
    const mixed = g.op('Conv', [halved, p('depthwise')], { pads, group: 4 });
    const pooled = g.op('MaxPool', [add(g, mixed, halved)], { kernel_shape: [2, 2], pads: [0, 0, 1, 1] });
    const averaged = g.op('AveragePool', [pooled], { kernel_shape: [3, 3], pads, count_include_pad: 1 });
    const flat = g.op('Reshape', [averaged, g.integers([-1, 36])]);
    const logits = g.op('Gemm', [flat, p('matrix'), p('bias')], { transB: 1 });
    const weighed = mul(g, logits, g.constant(vector(1, -2, 3, -4, 5)));
    const perImage = reduceSum(g, mul(g, weighed, logits), [1]);
    const loss = g.op('ReduceMean', [perImage], { keepdims: 0 });
    g.output('loss', loss);
    const wrt = [x, ...values.values()];
    gradients(g, loss, wrt).forEach((grad, i) => {
      expect(grad?.shape).toEqual(wrt[i]?.shape);
      g.output(`${wrt[i]?.name}.grad`, grad as Value);
    });
    return g;
  }

  it.each([1, 4, 7])('gives the gradients of a settled one of %i', async (batch) => {
    const feeds = { x: normal(batch, 3, 6, 6), ...parameters };
    const [settled, symbolic] = [await runGraph(build(batch), feeds), await runGraph(build('N'), feeds)];
    expect(new Set(Object.keys(symbolic))).toEqual(new Set(Object.keys(settled)));
    expect(Object.keys(settled).length).toBe(9);
    for (const [name, value] of Object.entries(settled)) {
      const expected = toNumbers(value);
      const size = Math.max(...expected.map(Math.abs));
      expect(size, name).toBeGreaterThan(1e-3);
      expect(symbolic[name]?.dims, name).toEqual(value.dims);
      toNumbers(symbolic[name] as Tensor).forEach((got, i) => {
        expect(Math.abs(got - (expected[i] as number)), `${name} ${i}`).toBeLessThan(1e-5 * size);
      });
    }
  });
});
