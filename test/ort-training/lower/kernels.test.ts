import { describe, expect, it } from 'vitest';
import { gradients } from '../../../src/autodiff/gradients.js';
import { mul, reduceSum, scale } from '../../../src/graph/arithmetic.js';
import { Graph } from '../../../src/graph/graph.js';
import { range } from '../../../src/graph/node/axes.js';
import type { Attributes, Value } from '../../../src/graph/node/node.js';
import { IR_VERSION, OPSET } from '../../../src/graph/to-model.js';
import { inlineForTraining } from '../../../src/graph/training-form.js';
import { type AttributeProto, AttributeType, type ModelProto } from '../../../src/onnx/model.js';
import { codeOfDtype, scalar, type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { hasOrtTraining } from '../../../src/ort-training/session/library.js';
import { stream } from '../../../src/util/random.js';
import { filled } from '../../autodiff/case-graph.js';
import { runGraph } from '../../support/run.js';
import { relativeDifference } from '../files/sessions.js';
import { runOfficial } from './official.js';

const SEED = 12;
const TOLERANCE = 2e-6;
const X = [2, 6, 7, 5] as const;

const noise = (shape: readonly number[], label: string) => {
  const random = stream(SEED, label);
  return filled(shape, random.normal);
};
const scalarOf = (value: number) => tensor('int64', [], [value]);
const integers = (...values: number[]) => tensor('int64', [values.length], values);

/** Agon's gradients of one node on x: fed random dY to each output (`dY<i>`), they give `dX`. */
function own(op: string, rest: readonly Tensor[], attributes: Attributes = {}, outputs = 1) {
  return ownOf((g, x) => g.ops(op, [x, ...rest.map((each) => g.constant(each))], attributes, { outputs }));
}

async function ownOf(build: (g: Graph, x: Value) => Value[]) {
  const g = new Graph('own');
  const x = g.input('x', 'float32', X);
  const ys = build(g, x);
  const terms = ys.map((y, i) => {
    g.output(`y${i}`, y);
    return reduceSum(g, mul(g, y, g.input(`dY${i}`, 'float32', y.shape)), range(y.shape.length));
  });
  const loss = terms.length === 1 ? (terms[0] as Value) : g.op('Sum', terms);
  g.output('dX', gradients(g, loss, [x])[0] as Value);
  const dYs = ys.map(({ shape }, i) => [`dY${i}`, noise(shape as number[], `dY${i}`)] as const);
  const feeds: Record<string, Tensor> = { x: noise(X, 'x'), ...Object.fromEntries(dYs) };
  return { feeds, results: await runGraph(g, feeds) };
}

/** What a kernel of ONNX Runtime makes of these inputs. */
async function kernel(
  opType: string,
  inputs: readonly Tensor[],
  shapes: readonly (readonly number[])[],
  attributes: Readonly<Record<string, number>> = {},
): Promise<Tensor[]> {
  const info = (name: string, elemType: number, shape: readonly number[]) => {
    const dim = shape.map((dimValue) => ({ dimValue }));
    return { name, type: { tensorType: { elemType, shape: { dim } } } };
  };
  const attribute = Object.entries(attributes).map(([name, value]): AttributeProto => {
    return name === 'alpha'
      ? { name, type: AttributeType.FLOAT, f: value }
      : { name, type: AttributeType.INT, i: value };
  });
  const names = inputs.map((_, i) => `i${i}`);
  const outputs = shapes.map((_, i) => `o${i}`);
  const model: ModelProto = {
    irVersion: IR_VERSION,
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'kernel',
      initializer: [],
      input: inputs.map(({ dtype, dims }, i) => info(`i${i}`, codeOfDtype(dtype), dims)),
      output: shapes.map((shape, i) => info(`o${i}`, codeOfDtype('float32'), shape)),
      node: [{ opType, domain: 'com.microsoft', name: 'kernel', input: names, output: outputs, attribute }],
    },
  };
  const results = await runOfficial(model, Object.fromEntries(inputs.map((value, i) => [`i${i}`, value])));
  return outputs.map((name) => results[name] as Tensor);
}

function same(official: Tensor | undefined, ours: Tensor | undefined): void {
  expect(official?.dims).toEqual(ours?.dims);
  expect(toNumbers(ours as Tensor).some((value) => value !== 0)).toBe(true);
  expect(relativeDifference(official as Tensor, ours as Tensor)).toBeLessThan(TOLERANCE);
}

describe.skipIf(!hasOrtTraining())(
  'gradients of selection against ONNX Runtime’s kernels (skipped without ort-training)',
  () => {
    const slices: [string, number[][]][] = [
      ['one axis', [[1], [5], [2]]],
      [
        'two axes, negative',
        [
          [-5, 1],
          [-1, 4],
          [1, -1],
        ],
      ],
      [
        'with steps',
        [
          [0, 1],
          [6, 7],
          [1, 2],
          [2, 3],
        ],
      ],
      ['to the end and beyond', [[2], [2 ** 40], [3]]],
    ];
    it.each(slices)('Slice, %s: SliceGrad', async (_, parts) => {
      const rest = parts.map((values) => integers(...values));
      const { feeds, results } = await own('Slice', rest);
      const [dX] = await kernel('SliceGrad', [feeds.dY0 as Tensor, integers(...X), ...rest], [X]);
      same(dX, results.dX);
    });

    it('Dropout: DropoutGrad, of the same mask', async () => {
      const ratio = 0.3;
      const net = new Graph('net');
      net.output('y', net.op('Dropout', [net.input('x', 'float32', X), net.scalar(ratio)]));
      const g = new Graph('own');
      const [x, dY] = [g.input('x', 'float32', X), g.input('dY', 'float32', X)];
      const form = inlineForTraining(net, g, { bind: new Map([['x', x]]) });
      const loss = reduceSum(g, mul(g, form.outputs.get('y') as Value, dY), [0, 1, 2, 3]);
      g.output('dX', gradients(g, loss, [x])[0] as Value);
      const random = stream(SEED, 'uniform');
      const uniform = filled(X, random.uniform);
      const feeds = { x: noise(X, 'x'), dY: noise(X, 'dY'), [form.uniforms[0]?.name as string]: uniform };
      const results = await runGraph(g, feeds);
      const mask = tensor(
        'bool',
        [...X],
        Uint8Array.from(uniform.data as Float32Array, (u) => (u >= ratio ? 1 : 0)),
      );
      const training = tensor('bool', [], [1]);
      const [dX] = await kernel('DropoutGrad', [feeds.dY, mask, scalar(ratio), training], [X]);
      same(dX, results.dX);
    });

    it('Split: its gradient is ConcatTraining', async () => {
      const { feeds, results } = await own('Split', [integers(1, 3, 2)], { axis: 1 }, 3);
      const parts = [0, 1, 2].map((i) => feeds[`dY${i}`] as Tensor);
      const [dX] = await kernel('ConcatTraining', parts, [X], { axis: 1 });
      same(dX, results.dX);
    });

    it('Concat: its gradient is SplitTraining', async () => {
      const other = noise([2, 3, 7, 5], 'other');
      const { feeds, results } = await own('Concat', [other], { axis: 1 });
      const shapes = [X, other.dims];
      const [dX] = await kernel('SplitTraining', [feeds.dY0 as Tensor, integers(6, 3)], shapes, { axis: 1 });
      same(dX, results.dX);
    });

    it.each(['Softmax', 'LogSoftmax'])('%s over channels', async (op) => {
      const { feeds, results } = await own(op, [], { axis: 1 });
      const [dX] = await kernel(`${op}Grad_13`, [feeds.dY0 as Tensor, results.y0 as Tensor], [X], { axis: 1 });
      same(dX, results.dX);
    });

    it.each([
      ['one channel', scalarOf(4), 1],
      ['channels, some twice', integers(-1, 0, 5, 0), 1],
      ['a matrix of columns', tensor('int64', [2, 2], [4, 1, -5, 4]), 3],
    ])('Gather of %s: GatherGrad', async (_, indices, axis) => {
      const { feeds, results } = await own('Gather', [indices], { axis });
      const [dX] = await kernel('GatherGrad', [integers(...X), indices, feeds.dY0 as Tensor], [X], { axis });
      same(dX, results.dX);
    });

    it.each([1, 1.702])('x * sigmoid(alpha x) with alpha %d: QuickGeluGrad', async (alpha) => {
      const { feeds, results } = await ownOf((g, x) => [mul(g, x, g.op('Sigmoid', [scale(g, x, alpha)]))]);
      const [dX] = await kernel('QuickGeluGrad', [feeds.dY0 as Tensor, feeds.x as Tensor], [X], { alpha });
      same(dX, results.dX);
    });
  },
);
