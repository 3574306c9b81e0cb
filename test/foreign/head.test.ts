import { describe, expect, it } from 'vitest';
import { importModel } from '../../src/artifacts/import-model.js';
import { beforeActivation } from '../../src/foreign/output-choice.js';
import { fitHead } from '../../src/imported/fit-head.js';
import { encodeModel } from '../../src/onnx/file.js';
import type { ModelProto, NodeProto, TensorProto } from '../../src/onnx/model.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { toTensorProto } from '../../src/onnx/tensor-proto.js';
import { at } from '../../src/util/checked.js';
import { present } from '../../src/util/error.js';
import { integersProto, modelProto, nodeProto, valueProto } from '../graph/support/protos.js';
import { runBytes, runGraph } from '../graph/support/run.js';

const CLASSES = 5;
const LABELS = ['ant', 'bee', 'cat', 'dog', 'eel'];
const IMAGES = tensor(
  'float32',
  [2, 3, 4, 4],
  Array.from({ length: 96 }, (_, i) => Math.sin(0.7 * i)),
);

function weight(name: string, ...dims: number[]): TensorProto {
  const count = dims.reduce((a, b) => a * b, 1);
  const numbers = Array.from({ length: count }, (_, i) => Math.sin(1.3 * i + dims.length) / 2);
  return toTensorProto(name, tensor('float32', dims, numbers));
}

/** A convolution of 6 channels, then `nodes` from its output `c` to the output `y`. */
function classifier(nodes: readonly NodeProto[], weights: readonly TensorProto[], version = 13): ModelProto {
  return modelProto(version, {
    node: [nodeProto('Conv', ['x', 'k', 'kb'], ['raw']), nodeProto('Relu', ['raw'], ['c']), ...nodes],
    input: [valueProto('x', [1, 3, 4, 4])],
    output: [valueProto('y')],
    initializer: [weight('k', 6, 3, 1, 1), weight('kb', 6), ...weights],
  });
}

const pooled = [nodeProto('GlobalAveragePool', ['c'], ['p']), nodeProto('Flatten', ['p'], ['f'])];
const gemm = weight('w', CLASSES, 6);

/** Classifiers of every form of head, with the operator that makes their class scores. */
const HEADS: Readonly<Record<string, { readonly op: string; readonly model: ModelProto }>> = {
  'Gemm, transposed': {
    op: 'Gemm',
    model: classifier([...pooled, nodeProto('Gemm', ['f', 'w', 'b'], ['y'], { transB: 1 })], [gemm, weight('b', 5)]),
  },
  'Gemm, then Softmax': {
    op: 'Gemm',
    model: classifier(
      [...pooled, nodeProto('Gemm', ['f', 'v', 'b'], ['z']), nodeProto('Softmax', ['z'], ['y'], { axis: 1 })],
      [weight('v', 6, CLASSES), weight('b', 5)],
    ),
  },
  'MatMul and Add, then LogSoftmax': {
    op: 'MatMul',
    model: classifier(
      [
        ...pooled,
        nodeProto('MatMul', ['f', 'v'], ['m']),
        nodeProto('Add', ['m', 'b'], ['z']),
        nodeProto('LogSoftmax', ['z'], ['y'], { axis: 1 }),
      ],
      [weight('v', 6, CLASSES), weight('b', 5)],
    ),
  },
  'MatMul and Add, then Sigmoid': {
    op: 'MatMul',
    model: classifier(
      [
        ...pooled,
        nodeProto('MatMul', ['f', 'v'], ['m']),
        nodeProto('Add', ['b', 'm'], ['z']),
        nodeProto('Sigmoid', ['z'], ['y']),
      ],
      [weight('v', 6, CLASSES), weight('b', 5)],
    ),
  },
  'Conv and Relu before the pooling, as SqueezeNet': {
    op: 'Conv',
    model: classifier(
      [
        nodeProto('Dropout', ['c'], ['d', '']),
        nodeProto('Conv', ['d', 'v', 'b'], ['m']),
        nodeProto('Relu', ['m'], ['r']),
        nodeProto('GlobalAveragePool', ['r'], ['g']),
        nodeProto('Softmax', ['g'], ['y'], { axis: 1 }),
      ],
      [weight('v', CLASSES, 6, 1, 1), weight('b', CLASSES)],
    ),
  },
  'Conv behind the pooling, then Reshape to the classes': {
    op: 'Conv',
    model: classifier(
      [
        nodeProto('GlobalAveragePool', ['c'], ['p']),
        nodeProto('Conv', ['p', 'v'], ['m']),
        nodeProto('Reshape', ['m', 'sizes'], ['y']),
      ],
      [weight('v', CLASSES, 6, 1, 1), integersProto('sizes', 1, CLASSES)],
    ),
  },
};

const importOf = (model: ModelProto) =>
  importModel(model, 'net.onnx', { output: beforeActivation(model, 'net.onnx', {}) });

/** What a graph gives for the images; parameters without a value are 0. */
async function run({ graph, parameters }: Pick<ReturnType<typeof importOf>, 'graph' | 'parameters'>) {
  const all = new Map(
    [...graph.parameters].map(([name, { value }]): [string, Tensor] => {
      const count = value.shape.reduce((product, size) => product * size, 1);
      return [name, parameters.get(name) ?? tensor('float32', value.shape, new Float32Array(count))];
    }),
  );
  return runGraph(graph, all, new Map([['images', IMAGES]]));
}

/** The class scores [2, 5] of the model itself, before what activates them; an image at a time, as its batch is fixed. */
async function scoresOf(model: ModelProto): Promise<number[]> {
  const output = beforeActivation(model, 'net.onnx', {});
  const cut = { ...model, graph: { ...model.graph, output: [valueProto(output)] } };
  const rows = [0, 1].map((n) => tensor('float32', [1, 3, 4, 4], toNumbers(IMAGES).slice(48 * n, 48 * (n + 1))));
  const results: number[] = [];
  for (const row of rows) {
    const scores = await runBytes(encodeModel(cut), new Map([['x', row]]));
    results.push(...toNumbers(present(scores.get(output), output)));
  }
  return results;
}

describe.each(Object.entries(HEADS))('a head of %s', (_, { op, model }) => {
  const network = importOf(model);

  it('keeps its rows for classes that it names', async () => {
    const expected = await scoresOf(model);
    for (const columns of [
      [0, 1, 2, 3, 4],
      [3, 0, 4, 1, 2],
      [4, 1],
    ]) {
      const classes = columns.map((c) => at(LABELS, c));
      const fitted = fitHead({ ...network, labels: LABELS, where: 'net.onnx' }, classes);
      const logits = present((await run(fitted.network)).get('logits'), 'logits');
      expect(logits.dims).toEqual([2, columns.length]);
      const wanted = [0, 1].flatMap((n) => columns.map((c) => at(expected, CLASSES * n + c)));
      for (const [i, value] of toNumbers(logits).entries()) expect(value).toBeCloseTo(at(wanted, i), 5);
    }
  });

  it('is drawn anew for others, and nothing else is', async () => {
    const { network: anew, note } = fitHead({ ...network, labels: LABELS, where: 'net.onnx' }, ['ant', 'fox', 'gnu']);
    const drawn = [...anew.graph.parameters.keys()].filter((name) => !anew.parameters.has(name));
    expect(drawn.every((name) => ['w', 'v', 'b'].includes(name))).toBe(true);
    expect(note).toMatch(/^the head \([wv]\) is drawn anew: 5 classes in the model, 3 here$/);
    const [weightName] = drawn.filter((name) => name !== 'b');
    expect(anew.graph.parameters.get(weightName ?? '')?.initialiser).toEqual({
      kind: 'uniform',
      bound: 1 / Math.sqrt(6),
    });
    expect((await run(anew)).get('logits')?.dims).toEqual([2, 3]);
    expect(op).toBe(model.graph.node.findLast(({ input }) => input.includes(weightName ?? ''))?.opType);
  });

  it('is kept where as many classes have no names', () => {
    const fitted = fitHead({ ...network, labels: undefined, where: 'net.onnx' }, ['1', '2', '3', '4', '5']);
    expect(fitted.network.parameters).toBe(network.parameters);
  });

  it('has the feature map before it', () => {
    const features = present(network.graph.outputs.get('features'), 'features');
    expect(features.shape).toEqual(['N', 6, 4, 4]);
    expect(network.graph.producer(features)?.op).toBe('Relu');
  });
});

describe('a head that is not found', () => {
  it('is an error where the classes differ', () => {
    const doubled = [
      nodeProto('Gemm', ['f', 'w'], ['z'], { transB: 1 }),
      nodeProto('Concat', ['z', 'z'], ['y'], { axis: 1 }),
    ];
    const network = importOf(classifier([...pooled, ...doubled], [gemm]));
    expect(() => fitHead({ ...network, labels: undefined, where: 'net.onnx' }, ['a', 'b'])).toThrow(
      /^net\.onnx: its head can't be replaced, and it has 10 classes, the data have 2: expected a layer .*, got Concat/,
    );
  });
});

describe('a model of 16-bit floats', () => {
  it('is one of float32', async () => {
    const { model } = present(HEADS['Gemm, transposed'], 'it');
    const halves = (proto: TensorProto): TensorProto => {
      const numbers = toNumbers(
        tensor('float32', proto.dims, new Float32Array(present(proto.rawData, 'data').slice().buffer)),
      );
      return toTensorProto(proto.name ?? '', tensor('float16', proto.dims, numbers));
    };
    const half = {
      ...model,
      graph: {
        ...model.graph,
        initializer: model.graph.initializer.map(halves),
        input: [valueProto('x', [1, 3, 4, 4], 10)],
        output: [valueProto('y', undefined, 10)],
      },
    };
    const expected = toNumbers(present((await run(importOf(model))).get('logits'), 'logits'));
    const got = toNumbers(present((await run(importOf(half))).get('logits'), 'logits'));
    for (const [i, value] of got.entries()) expect(value).toBeCloseTo(at(expected, i), 2);
  });
});

describe('the features of a network with attention', () => {
  it('are what its last layer sees', () => {
    const attention = [
      nodeProto('Softmax', ['c'], ['s'], { axis: -1 }),
      nodeProto('Mul', ['s', 'c'], ['m']),
      nodeProto('GlobalAveragePool', ['m'], ['p']),
      nodeProto('Flatten', ['p'], ['f']),
      nodeProto('MatMul', ['f', 'v'], ['z']),
      nodeProto('Add', ['z', 'b'], ['y']),
    ];
    const { graph } = importOf(classifier(attention, [weight('v', 6, CLASSES), weight('b', CLASSES)]));
    expect(graph.outputs.get('features')?.shape).toEqual(['N', 6, 1, 1]);
  });
});
