import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../src/onnx/file.js';
import { tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { evaluationLoader } from '../../../src/train/data.js';
import { fitNorms, fitted, type NormValues } from '../../../src/train/norms/fitted-norms.js';
import { at } from '../../../src/util/checked.js';
import { present } from '../../../src/util/error.js';
import { runBytes } from '../../graph/support/run.js';
import { RESNET, SIDE } from '../../run/runs.js';
import { groupOf, logitsOf, modelOf, momentsOf } from './networks.js';

describe('a norm that is fitted to images', () => {
  const norm = {
    weight: Float32Array.of(1.5, -0.5, 2),
    bias: Float32Array.of(0.1, 0.2, -3),
    mean: Float32Array.of(0.5, -4, 0),
    // A channel that never moved
    variance: Float32Array.of(2, 0.25, 0),
  };
  const moments = { mean: Float64Array.of(-1, 3, 0.01), variance: Float64Array.of(0.5, 9, 1e-4) };

  it('gives what it gave, by its other running statistics', () => {
    const other = fitted(norm, moments, 1e-3);
    const apply = (by: NormValues, c: number, x: number) => {
      return ((x - at(by.mean, c)) / Math.sqrt(at(by.variance, c) + 1e-3)) * at(by.weight, c) + at(by.bias, c);
    };
    for (const c of [0, 1, 2]) {
      expect(at(other.mean, c)).toBeCloseTo(at(moments.mean, c), 6);
      expect(at(other.variance, c)).toBeCloseTo(at(moments.variance, c), 6);
      for (const x of [-2, 0, 0.5, 7]) expect(apply(other, c, x) / apply(norm, c, x)).toBeCloseTo(1, 4);
    }
  });
});

describe('a network whose norms are fitted', () => {
  it('has the moments of its training images as running statistics, and the same logits', async () => {
    const model = modelOf(RESNET);
    const [before, after] = [await groupOf(model), await groupOf(model, { fitNorms: true })];
    const norms = model.graph.node.filter(({ opType }) => opType === 'BatchNormalization');
    expect(norms).toHaveLength(6);
    const loader = evaluationLoader(after.data.dataset.train, after.data.preprocessing, {
      ...after.settings,
      batchSize: 64,
    });
    for await (const batch of loader.epoch()) {
      const images = tensor('float32', [batch.size, 1, SIDE, SIDE], batch.images);
      const outputs = norms.map(({ input }) => ({ name: input[0] as string }));
      const exposed = { ...model, graph: { ...model.graph, output: [...model.graph.output, ...outputs] } };
      const results = await runBytes(encodeModel(exposed), new Map([['images', images]]));
      const value = (name = '') => toNumbers(present(after.group.weights?.tensors.get(`net0.${name}`), name));
      for (const { input } of norms) {
        const { mean, variance } = momentsOf(present(results.get(input[0] ?? ''), input[0] ?? ''));
        for (const [c, m] of mean.entries()) {
          expect(at(value(input[3]), c)).toBeCloseTo(m, 4);
          expect(at(value(input[4]), c)).toBeCloseTo(at(variance, c), 4);
        }
      }
      const expected = await logitsOf(before.group, images);
      const got = await logitsOf(after.group, images);
      const largest = Math.max(...expected.map(Math.abs));
      for (const [i, each] of expected.entries()) expect(Math.abs(at(got, i) - each)).toBeLessThan(1e-4 * largest);
    }
    await loader.close();
  });

  it('begins its moving averages anew: those of a run were of other norms', async () => {
    const { group, data, settings } = await groupOf(modelOf(RESNET));
    const weights = present(group.weights, 'its weights');
    const averages = [...weights.tensors].map(([name, value]) => [`${name}.ema`, value] as const);
    const averaged = { ...group, weights: { ...weights, tensors: new Map([...weights.tensors, ...averages]) } };
    const after = await fitNorms(averaged, data, { ...settings, fitNorms: true });
    expect([...present(after.weights, 'its weights').tensors.keys()].sort()).toEqual(
      [...weights.tensors.keys()].sort(),
    );
    expect((await fitNorms(averaged, data, { ...settings, fitNorms: false })).weights?.tensors.size).toBe(
      2 * weights.tensors.size,
    );
  });
});
