import { describe, expect, it } from 'vitest';
import { importModel } from '../../src/artifacts/import-model.js';
import { normValues, withRestoredNorms } from '../../src/foreign/folded-norms.js';
import type { NodeProto, TensorProto } from '../../src/onnx/model.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { toTensorProto } from '../../src/onnx/tensor-proto.js';
import { at } from '../../src/util/checked.js';
import { present } from '../../src/util/error.js';
import { modelProto, nodeProto, valueProto, weightProto } from '../graph/support/protos.js';
import { runGraph } from '../graph/support/run.js';

function weight(name: string, ...dims: number[]): TensorProto {
  const count = dims.reduce((a, b) => a * b, 1);
  return toTensorProto(
    name,
    tensor(
      'float32',
      dims,
      Array.from({ length: count }, (_, i) => Math.cos(2.1 * i) / 2),
    ),
  );
}

/** A classifier of 2 x 4 x 4 images whose last map is `y`, of 4 channels. */
function network(nodes: readonly NodeProto[], weights: readonly TensorProto[]) {
  const model = modelProto(13, {
    node: [
      ...nodes,
      nodeProto('GlobalAveragePool', ['y'], ['p']),
      nodeProto('Flatten', ['p'], ['f']),
      nodeProto('Gemm', ['f', 'w'], ['logits'], { transB: 1 }),
    ],
    input: [valueProto('x', ['N', 2, 4, 4])],
    output: [valueProto('logits')],
    initializer: [weight('w', 3, 4), ...weights],
  });
  return importModel(model, 'net.onnx');
}

const stem = [nodeProto('Conv', ['x', 'k.weight', 'k.bias'], ['c'])];
const stemWeights = [weight('k.weight', 4, 2, 1, 1), weight('k.bias', 4)];

/** Squeeze and excitation: two convolutions of the pooled map. */
const gate = [
  nodeProto('GlobalAveragePool', ['c'], ['s']),
  nodeProto('Conv', ['s', 'g.weight', 'g.bias'], ['t']),
  nodeProto('Relu', ['t'], ['u']),
  nodeProto('Conv', ['u', 'h.weight', 'h.bias'], ['v']),
  nodeProto('Sigmoid', ['v'], ['a']),
  nodeProto('Mul', ['c', 'a'], ['y']),
];
const gateWeights = [
  weight('g.weight', 2, 4, 1, 1),
  weight('g.bias', 2),
  weight('h.weight', 4, 2, 1, 1),
  weight('h.bias', 4),
];

/** Networks, and the names of the norms that are put back. */
const CASES: Readonly<Record<string, readonly [NodeProto[], TensorProto[], string[]]>> = {
  'an activation behind it': [[...stem, nodeProto('Relu', ['c'], ['y'])], stemWeights, ['k.norm']],
  'its bias in an Add': [
    [nodeProto('Conv', ['x', 'k.weight'], ['c']), nodeProto('Add', ['c', 'b'], ['d']), nodeProto('Relu', ['d'], ['y'])],
    [weight('k.weight', 4, 2, 1, 1), weight('b', 1, 4, 1, 1)],
    ['k.norm'],
  ],
  'groups, as depthwise': [
    [...stem, nodeProto('Conv', ['c', 'd.weight', 'd.bias'], ['y'], { group: 4 })],
    [...stemWeights, weight('d.weight', 4, 1, 1, 1), weight('d.bias', 4)],
    ['k.norm', 'd.norm'],
  ],
  'weights that two share': [
    [...stem, nodeProto('Conv', ['c', 'd', 'k.bias'], ['e']), nodeProto('Conv', ['e', 'd', 'k.bias'], ['y'])],
    [...stemWeights, weight('d', 4, 4, 1, 1)],
    ['k.norm', 'd.norm', 'd.norm_2'],
  ],
  'a gate beside it': [[...stem, ...gate], [...stemWeights, ...gateWeights], ['k.norm']],
  'one without bias behind it': [
    [...stem, nodeProto('Conv', ['c', 'd'], ['y'])],
    [...stemWeights, weight('d', 4, 4, 1, 1)],
    ['k.norm'],
  ],
};

const IMAGES = tensor(
  'float32',
  [3, 2, 4, 4],
  Array.from({ length: 96 }, (_, i) => Math.sin(0.9 * i)),
);

describe.each(Object.entries(CASES))('a convolution with %s', (_, [nodes, weights, names]) => {
  it('has its norm back, of its own, which changes nothing', async () => {
    const { graph, parameters } = network(nodes, weights);
    const restored = present(withRestoredNorms(graph), 'norms');
    expect(restored.norms.map((norm) => norm.names.weight)).toEqual(names.map((name) => `${name}.weight`));
    const biases = new Set(restored.norms.map(({ bias }) => bias));
    expect([...restored.graph.parameters.keys()].filter((name) => biases.has(name))).toEqual([]);
    const values = new Map(parameters);
    for (const [k, norm] of restored.norms.entries()) {
      const channels = Number(norm.output.shape[1]);
      // Any moments must leave the outputs as they are
      const column = (f: (c: number) => number) => Float64Array.from({ length: channels }, (_, c) => f(c));
      const moments = { mean: column((c) => Math.sin(c + k)), variance: column((c) => 0.1 + c + k) };
      for (const [name, value] of normValues(norm, moments, { parameters })) values.set(name, value);
    }
    const logitsOf = async (of: typeof graph, all: ReadonlyMap<string, Tensor>) => {
      const own = new Map([...of.parameters.keys()].map((name) => [name, present(all.get(name), name)]));
      return toNumbers(present((await runGraph(of, own, new Map([['images', IMAGES]]))).get('logits'), 'logits'));
    };
    const [expected, got] = [await logitsOf(graph, parameters), await logitsOf(restored.graph, values)];
    for (const [i, value] of got.entries()) expect(value).toBeCloseTo(at(expected, i), 5);
  });
});

describe('nothing is put back', () => {
  it('beside a norm', () => {
    const norm = nodeProto('InstanceNormalization', ['c', 'k.bias', 'k.bias'], ['y']);
    expect(withRestoredNorms(network([...stem, norm], stemWeights).graph)).toBeUndefined();
  });

  it('without a bias, or behind the head', () => {
    expect(
      withRestoredNorms(network([nodeProto('Conv', ['x', 'k'], ['y'])], [weight('k', 4, 2, 1, 1)]).graph),
    ).toBeUndefined();
    const model = modelProto(13, {
      node: [...stem, nodeProto('GlobalAveragePool', ['c'], ['p']), nodeProto('Flatten', ['p'], ['logits'])],
      input: [valueProto('x', ['N', 2, 4, 4])],
      output: [valueProto('logits')],
      initializer: stemWeights,
    });
    expect(withRestoredNorms(importModel(model, 'net.onnx').graph)).toBeUndefined();
  });
});

describe('a model that was exported for training', () => {
  it('is one of inference: Dropout drops by its ratio, statistics are the running ones', () => {
    const isTraining = toTensorProto('yes', tensor('bool', [], [1]));
    const ratio = toTensorProto('ratio', tensor('float32', [], [0.3]));
    const statistics = ['scale', 'shift', 'mean', 'variance'];
    const { graph } = network(
      [
        nodeProto('Conv', ['x', 'k.weight'], ['c']),
        nodeProto('BatchNormalization', ['c', ...statistics], ['n', 'm', 'v'], { training_mode: 1 }),
        nodeProto('Identity', ['n'], ['i']),
        nodeProto('Dropout', ['i', 'ratio', 'yes'], ['y', 'mask']),
      ],
      [...stemWeights.slice(0, 1), isTraining, ratio, ...statistics.map((name) => weightProto(name, 4))],
    );
    expect(graph.parameters.get('mean')?.role).toBe('buffer');
    const norm = present(
      graph.nodes.find(({ op }) => op === 'BatchNormalization'),
      'the norm',
    );
    expect([norm.attributes.training_mode ?? 0, norm.outputs.length]).toEqual([0, 1]);
    const dropout = present(
      graph.nodes.find(({ op }) => op === 'Dropout'),
      'Dropout',
    );
    expect([dropout.inputs.length, dropout.outputs.length]).toEqual([2, 1]);
  });
});
