import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { mul } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import { knownOperators } from '../../src/graph/infer/infer.js';
import { sameShape } from '../../src/graph/node/dim.js';
import { AGON, NCHWC, type Node, type Value } from '../../src/graph/node/node.js';
import { cpu } from '../../src/lower/cpu/cpu.js';
import { layoutEntry, operatorsWithLayout } from '../../src/lower/cpu/registry.js';
import { lower } from '../../src/lower/lower.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { blockSize } from '../../src/runtime/block-size.js';
import { CPU } from '../../src/runtime/device.js';
import { stream } from '../../src/util/random.js';
import { runGraph } from '../support/run.js';
import { type Build, ONNX_BUILDERS, SEMANTIC_BUILDERS } from './operator-builders.js';

const block = await blockSize(CPU);
/** Where there is no blocked layout, graphs are lowered for one all the same, but not run. */
const BLOCK = block ?? 8;

/** ONNX Runtime's training operators, which other graphs hold; and what images alone don't show (see cpu.test.ts). */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  '': ['MaxPoolGrad', 'AveragePoolGrad'],
  [AGON]: ['AveragePoolGrad', 'BatchNormTraining', 'BatchNormTrainingGrad', 'ConvWeightGrad', 'MaxPoolGrad'],
};
const DOMAINS = [
  ['', ONNX_BUILDERS],
  [AGON, SEMANTIC_BUILDERS],
] as const;

describe.each(DOMAINS)('every operator of domain "%s"', (domain, builders) => {
  it('is done in the blocked layout, or leaves it for a reason', () => {
    expect(new Set(operatorsWithLayout(domain))).toEqual(new Set(knownOperators(domain)));
    for (const op of operatorsWithLayout(domain)) {
      const entry = layoutEntry(op, domain);
      if (typeof entry !== 'function') expect(entry?.because, op).toMatch(/^(it|in|no) .{10,}[^.]$/);
    }
  });

  it('is tried out below', () => {
    const tried = [...Object.keys(builders), ...(ELSEWHERE[domain] ?? [])];
    expect(new Set(tried)).toEqual(new Set(knownOperators(domain)));
  });

  it.each(Object.entries(builders))('%s does what the registry says', (op, build) => {
    const left = departures(lower(imageGraph(build, 2 * BLOCK), cpu(BLOCK)));
    if (typeof layoutEntry(op, domain) === 'function') expect(left).toBe(0);
    // Sizes are known without a look at the images
    else if (!['Shape', 'Size', 'ConstantOfShape'].includes(op)) expect(left).toBeGreaterThan(0);
  });

  const whole = Object.entries(builders).flatMap(([op, build]) =>
    [16, 28].map((channels) => [op, channels, build] as const),
  );
  it.skipIf(block === undefined).each(whole)(
    '%s of %i channels gives what the portable form gives',
    (_, channels, build) => expectEqual(imageGraph(build, channels), channels),
  );
});

const ACTIVATIONS =
  'Relu LeakyRelu Elu Celu Selu Sigmoid HardSigmoid HardSwish Tanh Gelu Erf Softplus Softsign Mish ThresholdedRelu PRelu';

describe('a block of convolution and activation, with its gradients', () => {
  const single: Build = (g, x) => g.op('PRelu', [x, g.constant(tensor('float32', [1, 1, 1], [0.2]))]);
  const rows: [string, Build][] = ACTIVATIONS.split(' ').map((op) => [op, ONNX_BUILDERS[op] as Build]);

  it.each([...rows, ['PRelu of one slope', single] as [string, Build]])('%s never leaves the layout', (_, build) => {
    expect(departures(lower(trainedGraph(build, 2 * BLOCK), cpu(BLOCK)))).toBe(0);
  });

  it.skipIf(block === undefined).each([...rows, ['PRelu of one slope', single] as [string, Build]])(
    '%s gives what the portable form gives',
    async (_, build) => {
      for (const channels of [16, 28]) await expectEqual(trainedGraph(build, channels), channels);
    },
  );
});

describe.skipIf(block === undefined)('conditions that only one side has in blocks', () => {
  const rows: [string, Build][] = [
    ['a graph’s output', (g, x) => g.op('Greater', [x, g.scalar(0)])],
    [
      'Where, of plain images',
      (g, x) => {
        const plain = g.op('Softmax', [x], { axis: 1 });
        return g.op('Where', [g.op('Greater', [x, g.scalar(0)]), plain, g.op('LogSoftmax', [x], { axis: 1 })]);
      },
    ],
    [
      'Where, with a plain condition',
      (g, x) => {
        const plain = g.op('Softmax', [x], { axis: 1 });
        return g.op('Where', [g.op('Greater', [plain, g.scalar(0.06)]), x, plain]);
      },
    ],
    [
      'And, with a plain condition',
      (g, x) => {
        const plain = g.op('Softmax', [x], { axis: 1 });
        const both = [g.op('Greater', [plain, g.scalar(0.06)]), g.op('Less', [x, g.scalar(0.2)])];
        return g.op('Cast', [g.op('And', both)], { to: 1 });
      },
    ],
    [
      'a cast to whole numbers and back',
      (g, x) => {
        const whole = g.op('Cast', [mul(g, x, g.scalar(9))], { to: 7 });
        return g.op('Cast', [whole], { to: 1 });
      },
    ],
    ['a cast to float64 and back', (g, x) => g.op('Cast', [g.op('Exp', [g.op('Cast', [x], { to: 11 })])], { to: 1 })],
    [
      'a condition that is reduced',
      (g, x) => {
        const numbers = g.op('Cast', [g.op('Greater', [x, g.scalar(0)])], { to: 7 });
        return g.op('Cast', [g.op('ReduceSum', [numbers, g.integers([2, 3])])], { to: 1 });
      },
    ],
  ];
  it.each(rows)('%s', async (_, build) => {
    for (const channels of [16, 28]) await expectEqual(imageGraph(build, channels), channels);
  });
});

/** Images through a depthwise convolution, which brings them into blocks, and the operator; where that gives images, through another. */
function imageGraph(build: Build, channels: number): Graph {
  const g = new Graph('image');
  const own = convolved(g, g.input('x', 'float32', [2, channels, 6, 4]), 'e');
  const y = build(g, own);
  const isImage = y.shape.length === 4 && sameShape(y.shape, own.shape) && y.dtype === 'float32';
  g.output('out', isImage ? convolved(g, y, 'f') : y);
  return g;
}

/** The same, with what flows back to the images and the first weights. */
function trainedGraph(build: Build, channels: number): Graph {
  const g = new Graph('trained');
  const x = g.input('x', 'float32', [2, channels, 6, 4]);
  const own = convolved(g, x, 'e');
  const y = build(g, own);
  const last = convolved(g, y, 'f');
  // The loss is the sum of squares over two
  const flowed = gradients(g, mul(g, last, g.agon('Detach', [last])[0] as Value), [own]);
  g.output('y', last);
  g.output('flowed', flowed[0] as Value);
  return g;
}

function convolved(g: Graph, x: Value, weights: string): Value {
  const channels = Number(x.shape[1]);
  const w = g.input(weights, 'float32', [channels, 1, 1, 1]);
  return g.op('Conv', [x, w], { group: channels, kernel_shape: [1, 1] });
}

/** How often images leave their blocks, but for the graph's outputs. */
function departures({ nodes, outputs }: Graph): number {
  const isOutput = (node: Node) => [...outputs.values()].includes(node.output());
  return nodes.filter((node) => node.domain === NCHWC && node.op === 'ReorderOutput' && !isOutput(node)).length;
}

async function expectEqual(graph: Graph, channels: number): Promise<void> {
  const random = stream(31, String(channels));
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => {
      const dims = shape as number[];
      const data = Float32Array.from({ length: elementCount(dims) }, () => 1.5 * random.uniform() - 0.6);
      return [name, tensor('float32', dims, data)];
    }),
  );
  const [expected, got] = [await runGraph(graph, feeds), await runGraph(graph, feeds, cpu(block as number))];
  for (const [name, value] of Object.entries(expected)) {
    const [a, b] = [toNumbers(value), toNumbers(got[name] as Tensor)];
    expect([got[name]?.dtype, got[name]?.dims]).toEqual([value.dtype, value.dims]);
    const largest = Math.max(1, ...a.map(Math.abs));
    const difference = Math.max(...a.map((each, i) => Math.abs(each - (b[i] ?? Number.NaN))));
    expect(difference / largest, name).toBeLessThan(1e-5);
  }
}
