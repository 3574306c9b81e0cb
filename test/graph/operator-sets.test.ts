import { describe, expect, it } from 'vitest';
import { ensembleGraph, inferenceGraph } from '../../src/export/inference-graph.js';
import { Graph } from '../../src/graph/graph.js';
import { fromModel } from '../../src/graph/import/from-model.js';
import { inOperatorSet, NEWEST_OPSET, OLDEST_OPSET } from '../../src/graph/operator-sets.js';
import { printGraph } from '../../src/graph/print.js';
import { toModel } from '../../src/graph/to-model.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { createNetwork, NETWORKS } from '../../src/nets/registry.js';
import { encodeModel } from '../../src/onnx/file.js';
import type { ModelProto } from '../../src/onnx/model.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';
import { filled, sampleCase } from '../autodiff/case-graph.js';
import { CASES, type GradientCase } from '../autodiff/cases.js';
import { deviation, runBytes } from './support/run.js';

const versionOf = ({ opsetImport }: ModelProto) => opsetImport.find(({ domain }) => !domain)?.version;

/** ONNX Runtime's results of a model in some operator sets, in which nothing may differ. */
async function expectAlike(
  model: ModelProto,
  feeds: ReadonlyMap<string, Tensor>,
  versions: readonly (number | undefined)[],
) {
  const expected = await runBytes(encodeModel(model), feeds);
  for (const version of versions) {
    const written = inOperatorSet(model, 'test', version);
    const results = await runBytes(encodeModel(written), feeds);
    for (const [name, value] of expected) {
      expect(
        deviation(results.get(name) as Tensor, value, 1e-5, 1e-6),
        `${name} at ${versionOf(written)}`,
      ).toBeLessThan(1);
    }
    expect(printed(written)).toBe(printed(model));
  }
}

/** The import of a model; the last axis has one spelling there. */
const printed = (model: ModelProto) => printGraph(fromModel(model).graph).replaceAll('{axis=-1}', '{axis=1}');

function forwardCase(row: GradientCase): Graph {
  const graph = new Graph('case');
  const inputs = row.shapes.map((shape, i) => graph.input(`x${i}`, 'float32', shape));
  const results = graph.ops(row.op, [...inputs, ...(row.rest?.(graph) ?? [])], row.attributes, {
    outputs: row.outputs ?? 1,
  });
  for (const [i, result] of results.entries()) graph.output(`y${i}`, result);
  return graph;
}

const OPERATORS = [...new Set(CASES.filter(({ domain }) => domain === undefined).map(({ op }) => op))];

describe('the lowest operator set', () => {
  it.each(OPERATORS)('has %s in all its forms, with the same results and the same import', async (op) => {
    for (const row of CASES.filter((each) => each.op === op && each.domain === undefined)) {
      const feeds = sampleCase(row, stream(7, op)).map((value, i) => [`x${i}`, value] as const);
      await expectAlike(toModel(forwardCase(row)), new Map(feeds), [undefined, NEWEST_OPSET]);
    }
  });

  it.each([
    ['resnet8', 9],
    ['resnet18', 9],
    ['wrn_16_2', 9],
    ['mobilenet_v2', 11],
    ['mobilenet_v3_small', 14],
  ])('of %s is %d, in which it gives the same logits', async (name, version) => {
    const network = inferenceGraph(createNetwork(name, { classes: 3, channels: 3, height: 32, width: 32 }));
    const model = toModel(network, { parameters: new Map(initialiseParameters(network, 1, 0)) });
    expect(versionOf(inOperatorSet(model, 'test'))).toBe(version);
    const images = filled([2, 3, 32, 32], stream(1, 'images').normal);
    await expectAlike(model, new Map([['images', images]]), [undefined, 15, NEWEST_OPSET]);
  });

  it('is known for every network, and is at most 14', () => {
    for (const name of NETWORKS.keys()) {
      const model = toModel(inferenceGraph(createNetwork(name, { classes: 3, channels: 3, height: 32, width: 32 })));
      expect(versionOf(inOperatorSet(model, name)), name).toBeLessThanOrEqual(14);
    }
  });

  it('of an ensemble is that of its LogSoftmax', async () => {
    const one = createNetwork('resnet8', { classes: 3, channels: 3, height: 8, width: 8 });
    const ensemble = ensembleGraph([one, one]);
    const parameters = new Map(initialiseParameters(ensemble, 1, 0));
    const model = toModel(ensemble, { parameters });
    expect(versionOf(inOperatorSet(model, 'test'))).toBe(11);
    await expectAlike(model, new Map([['images', filled([2, 3, 8, 8], stream(1, 'images').normal)]]), [undefined, 13]);
  });

  it('holds a form, not a name: sizes that are inputs need a later one', () => {
    const g = new Graph('forms');
    const x = g.input('x', 'float32', ['N', 4]);
    g.output('y', g.op('ReduceMean', [x, g.integers([1])]));
    expect(versionOf(inOperatorSet(toModel(g), 'test'))).toBe(18);
    const all = new Graph('forms');
    all.output('y', all.op('ReduceMean', [all.input('x', 'float32', ['N', 4])]));
    expect(versionOf(inOperatorSet(toModel(all), 'test'))).toBe(OLDEST_OPSET);
  });
});

describe('an operator set that is asked for', () => {
  const model = () => {
    const g = new Graph('swish');
    g.output('y', g.op('HardSwish', [g.input('x', 'float32', [2])]));
    return toModel(g);
  };

  it('is taken, with the file format that came with it', async () => {
    for (const [version, irVersion] of [
      [14, 7],
      [18, 8],
      [20, 9],
      [23, 11],
    ] as const) {
      const written = inOperatorSet(model(), 'test', version);
      expect([versionOf(written), written.irVersion]).toEqual([version, irVersion]);
      const results = await runBytes(encodeModel(written), new Map([['x', tensor('float32', [2], [3, -3])]]));
      expect(toNumbers(results.get('y') as Tensor)).toEqual([3, -0]);
    }
  });

  it('that lacks an operator is refused by its name, one that is not known too', () => {
    expect(() => inOperatorSet(model(), 'test', 13)).toThrow(
      "test: operator set 13 doesn't have HardSwish as the model needs it. It takes one from 14 on",
    );
    expect(() => inOperatorSet(model(), 'test', 24)).toThrow('test: operator set: expected 14 to 23, got 24');
  });
});
