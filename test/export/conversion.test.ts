import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/artifacts/import-model.js';
import { evaluateModel } from '../../src/evaluate/evaluate-model.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { type Exported, exportRun } from '../../src/export/export-run.js';
import { compareRows } from '../../src/export/measure-loss.js';
import type { Precision } from '../../src/export/precision.js';
import { readModelFile } from '../../src/onnx/file.js';
import { eventsOf } from '../run/runs.js';
import { pictureRun } from './picture-run.js';

const run = pictureRun();
const convert = (precision: Precision, more: Partial<Parameters<typeof exportRun>[1]> = {}) =>
  exportRun(run.ran.folder, { checkpoint: 'best', precision, force: true, ...more });

async function originOf(path: string): Promise<Record<string, unknown>> {
  const { metadataProps = [] } = await readModelFile(path);
  return JSON.parse(metadataProps.find(({ key }) => key === 'agon')?.value ?? '{}');
}

describe.each(['fp16', 'int8'] as const)('a run exported in %s', (precision) => {
  let exported: Exported;
  beforeAll(async () => {
    exported = await convert(precision);
  });

  it('is measured beside the float32 model on the validation images, as agon eval measures it', async () => {
    const { path, conversion } = exported;
    expect(path).toBe(join(run.ran.folder, `winner-${precision}.onnx`));
    const [end] = eventsOf(run.ran.events, 'end');
    const validation = end?.best.validation?.networks[end.winner.index];
    expect(conversion).toMatchObject({ precision, split: 'validation', images: 18, measure: 'accuracy' });
    expect(conversion?.float32).toBe(validation?.accuracy);
    const { evaluation } = await evaluateModel(path, { split: 'validation' });
    expect(evaluation.accuracy).toBe(conversion?.converted);
    expect(conversion?.largestDifference).toBeGreaterThan(0);
  });

  it('says so in its metadata, and predicts', async () => {
    const { path, conversion } = exported;
    const { bytes: _, precision: __, ...facts } = conversion ?? { bytes: 0, precision: '' };
    expect(await originOf(path)).toMatchObject({ precision, conversion: facts });
    const [prediction] = await predictImages(path, [join(run.root, 'pictures', 'test', 'red', '0.png')], {});
    expect(prediction).toMatchObject({ predictions: [{ label: expect.any(String) }, {}, {}] });
  });
});

it('an ensemble in whole numbers takes images, and keeps the mean of probabilities in float32', async () => {
  const out = join(run.root, 'ensemble.onnx');
  const { conversion } = await convert('int8', { ensemble: true, input: 'image', out });
  expect(conversion?.inFloat32).toContain('LogSoftmax');
  expect(conversion?.agreement).toBeGreaterThan(0.5);
  const { graph } = await readModelFile(out);
  expect(graph.input.map(({ name }) => name)).toEqual(['image']);
  expect(graph.node.map(({ opType }) => opType)).toContain('QuantizeLinear');
});

it('a model that loses more than it may is not written', async () => {
  const out = join(run.root, 'refused.onnx');
  const lossy = exportRun(run.ran.folder, { checkpoint: 'best', precision: 'fp16', maxLoss: -101, out });
  await expect(lossy).rejects.toThrow(
    /the fp16 model loses too much, and isn't written: expected at most -101 points of accuracy, got .* % of 18 validation images/,
  );
  expect(existsSync(out)).toBe(false);
});

it('whole numbers can’t be trained', async () => {
  const path = join(run.ran.folder, 'winner-int8.onnx');
  const model = await readModelFile(path);
  expect(() => importModel(model, path)).toThrow(
    "it computes with whole numbers (QuantizeLinear), which can't be trained",
  );
});

describe('two models’ logits', () => {
  it('are compared as probabilities of one class', () => {
    const [before, after] = [
      [
        [0, Math.log(3)],
        [2, 0],
      ],
      [
        [0, 0.5 * Math.log(3)],
        [0, 0.1],
      ],
    ];
    const { agreement, largestDifference } = compareRows('test', before, after, 'single-label', 0.5);
    expect(agreement).toBe(0.5);
    expect(largestDifference).toBeCloseTo(Math.exp(2) / (1 + Math.exp(2)) - 1 / (1 + Math.exp(0.1)), 12);
  });

  it('are compared class by class at the threshold, of any number of classes', () => {
    const chance = (p: number) => Math.log(p / (1 - p));
    const { agreement, largestDifference } = compareRows(
      'test',
      [[chance(0.9), chance(0.35)]],
      [[chance(0.8), chance(0.25)]],
      'multi-label',
      0.3,
    );
    expect(agreement).toBe(0.5);
    expect(largestDifference).toBeCloseTo(0.1, 12);
  });

  it('that are not finite are an error', () => {
    expect(() => compareRows('test', [[0, 1]], [[0, Number.NaN]], 'single-label', 0.5)).toThrow('not finite');
  });
});
