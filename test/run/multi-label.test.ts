import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imagesPerClass } from '../../src/data/dataset/dataset.js';
import { openDataset } from '../../src/data/formats/open.js';
import { decodeImage } from '../../src/data/image/decode.js';
import { evaluateModel } from '../../src/evaluate/evaluate-model.js';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { exportRun } from '../../src/export/export-run.js';
import { readMetadata } from '../../src/imported/model-metadata.js';
import { readModelFile } from '../../src/onnx/file.js';
import { writeAssessment } from '../../src/store/assessment.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { runPaths } from '../../src/store/run-folder.js';
import { openTeacher } from '../../src/train/frozen-teacher.js';
import { stream } from '../../src/util/random.js';
import { agon } from '../cli/command-line.js';
import { eventsOf, RESNET, resultsOf, runHere, SIDE, smallSettings, temporaryFolder, WIDER } from './runs.js';

const NAMES = ['blue', 'green', 'red'];

/** Pictures with the colours of their classes, each in a stripe of its own; those of several classes are linked into the others' folders. */
async function colours(): Promise<string> {
  const folder = await temporaryFolder();
  for (const [split, count] of [
    ['train', 48],
    ['val', 24],
    ['test', 24],
  ] as const) {
    for (const name of NAMES) await mkdir(join(folder, split, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const own = NAMES.filter((_, c) => (((i % 7) + 1) >> c) % 2 === 1);
      const first = join(folder, split, own[0] as string, `${i}.png`);
      await sharp(stripes(own, stream(9, split, i).uniform), { raw: { width: SIDE, height: SIDE, channels: 3 } })
        .png()
        .toFile(first);
      for (const other of own.slice(1)) await symlink(first, join(folder, split, other, `${i}.png`));
    }
  }
  return folder;
}

function stripes(own: readonly string[], uniform: () => number): Uint8Array {
  const order = ['red', 'green', 'blue'];
  return Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => {
    const [channel, row] = [i % 3, Math.floor(i / 3 / SIDE)];
    const lit = own.includes(order[channel] as string) && row % 3 === channel;
    return Math.round((lit ? 180 : 60) + 60 * uniform());
  });
}

const settingsFor = (data: string) =>
  smallSettings(data, {
    task: 'multi-label',
    nets: [RESNET, WIDER],
    rule: 'all',
    epochs: 3,
    optimizer: { name: 'sgd', lr: 0.1 },
    inputPerturbation: { pool: 'release', when: { probability: 0.3 } },
    labelSmoothing: 0.05,
  });

/** The probabilities that a model's file gives for some images, by ONNX Runtime alone. */
async function probabilitiesOf(path: string, files: readonly string[]): Promise<number[][]> {
  const session = await ort.InferenceSession.create(path);
  const rows: number[][] = [];
  for (const file of files) {
    const { data, height, width } = await decodeImage(file);
    const { probabilities } = await session.run({ image: new ort.Tensor('uint8', data, [1, height, width, 3]) });
    rows.push(Array.from(probabilities?.data as Float32Array));
  }
  await session.release();
  return rows;
}

describe('a run on images with any number of classes', () => {
  it('learns, goes on where it was stopped, and its models tell all classes of an image', {
    timeout: 180_000,
  }, async () => {
    const data = await colours();
    const settings = settingsFor(data);
    const { test } = await openDataset(data, { task: 'multi-label' });
    expect(test && [test.length, ...imagesPerClass(test, 3)]).toEqual([24, 14, 14, 12]);

    const whole = await runHere(settings);
    const first = await runHere(settings, { stopAfter: 4 });
    const second = await runHere(settings, { folder: first.folder, resume: true });
    expect([whole, first, second].map(({ outcome }) => outcome)).toEqual(['finished', 'stopped', 'finished']);
    expect(await resultsOf(second.folder)).toEqual(await resultsOf(whole.folder));

    const epochs = eventsOf(whole.events, 'epoch');
    const scoreAt = (epoch: number, i: number) => epochs[epoch]?.networks[i]?.validation?.map ?? 0;
    expect(Math.max(scoreAt(2, 0), scoreAt(2, 1))).toBeGreaterThan(0.85);
    const result = await readResult(runPaths(whole.folder).result);
    const { winner = -1, best } = result ?? {};
    const [validation, tested] = [best?.validation?.networks[winner], best?.test?.networks[winner]];
    expect(new Set(Object.keys(tested ?? {}))).toEqual(
      new Set(['accuracy', 'loss', 'macroF1', 'map', 'microF1', 'threshold']),
    );
    // What validation found is what is tested
    expect(tested?.threshold).toBe(validation?.threshold);
    const scores = best?.validation?.networks.map(({ map }) => map ?? 0) ?? [];
    expect(scores[winner]).toBe(Math.max(...scores));

    const model = runPaths(whole.folder).winner;
    const said = readMetadata(await readModelFile(model), model);
    expect(said).toMatchObject({ task: 'multi-label', threshold: validation?.threshold, labels: NAMES });
    const textOf = async (path: string, key: string) =>
      (await readModelFile(path)).metadataProps?.find((each) => each.key === key)?.value ?? '';
    const origin = JSON.parse(await textOf(model, 'agon'));
    expect(origin).toMatchObject({ task: 'multi-label', validationMap: validation?.map, testMap: tested?.map });
    expect(await textOf(model, 'task')).toBe('classify');

    const files = test?.source.kind === 'files' ? test.source.paths : [];
    const expected = await probabilitiesOf(model, files);
    const { threshold = 0 } = validation ?? {};
    for (const subject of [model, whole.folder]) {
      const predictions = await predictImages(subject, files, {});
      predictions.forEach((each, i) => {
        const row = (expected[i] ?? []).map((probability, c) => ({ label: NAMES[c], probability }));
        const above = row.filter(({ probability }) => probability >= threshold);
        above.sort((a, b) => b.probability - a.probability);
        expect('predictions' in each && each.predictions.map(({ label }) => label)).toEqual(
          above.map(({ label }) => label),
        );
      });
    }
    const [one] = await predictImages(model, files.slice(0, 1), { top: 2, threshold: 1 });
    expect(one && 'predictions' in one && one.predictions.length).toBe(2);
    expect(await predictImages(model, files.slice(0, 1), { threshold: 1 })).toEqual([
      { file: files[0], predictions: [] },
    ]);

    const own = await evaluateModel(model, { data, split: 'test' });
    expect(own.evaluation).toEqual({
      ...tested,
      loss: expect.closeTo(tested?.loss ?? 0, 5),
      map: expect.closeTo(tested?.map ?? 0, 6),
    });
    const strict = await evaluateRun(whole.folder, { checkpoint: 'best', threshold: 0.9 });
    expect([strict.task, strict.split, strict.results[winner]?.evaluation.threshold]).toEqual([
      'multi-label',
      'test',
      0.9,
    ]);

    const group = await exportRun(whole.folder, { checkpoint: 'best', ensemble: true });
    expect(group.parity).toBeLessThan(1e-4);
    const each: number[][][] = [];
    for (const network of ['0', '1']) {
      const out = join(whole.folder, `${network}.onnx`);
      await exportRun(whole.folder, { checkpoint: 'best', network, out });
      each.push(await probabilitiesOf(out, files.slice(0, 3)));
    }
    const mean = each[0]?.map((row, i) => row.map((p, c) => (p + (each[1]?.[i]?.[c] ?? 0)) / 2));
    const got = await probabilitiesOf(group.path, files.slice(0, 3));
    got.flat().forEach((p, i) => {
      expect(p).toBeCloseTo(mean?.flat()[i] ?? 0, 5);
    });

    // At half the temperature, the threshold tells the same classes
    const found = Number(await textOf(model, 'threshold'));
    const calibration = { bins: [], ece: 0, temperature: 0.5, scaled: { loss: 1, ece: 0 } };
    const subject = { evaluation: { loss: 1, accuracy: 1, top5: 1, ece: 0 }, confusion: [], perClass: [], calibration };
    await writeAssessment(runPaths(whole.folder).assessment, {
      ...{ split: 'validation', epoch: best?.epoch ?? 0, images: 1, task: 'multi-label', classes: [], winner },
      subjects: [0, 1].map((network) => ({ label: String(network), network, ...subject })),
      ...{ pictures: [], worst: [], uncertain: [], labelErrors: [], labelErrorCount: 0, confused: [] },
    });
    const out = join(whole.folder, 'calibrated.onnx');
    await exportRun(whole.folder, { checkpoint: 'best', calibrated: true, out });
    const odds = (p: number) => Math.log(p / (1 - p));
    expect(odds(Number(await textOf(out, 'threshold')))).toBeCloseTo(2 * odds(found), 6);
    const namesIn = async (path: string) =>
      (await predictImages(path, files, {})).map(
        (each) => 'predictions' in each && each.predictions.map(({ label }) => label),
      );
    expect(await namesIn(out)).toEqual(await namesIn(model));

    const shown = await agon(`eval ${whole.folder}`);
    expect(shown.stdout).toMatch(/network +parameters +loss +mAP +micro-F1 +macro-F1 +threshold/);
    expect((await agon(`predict ${model} ${files[0]} --threshold 1`)).stdout).toMatch(/\(none\)/);
  });

  it('takes no model of images with one class each', async () => {
    const single = 'test/fixtures/formats/1/run';
    const { winner } = runPaths(single);
    await expect(predictImages(winner, ['none.png'], { threshold: 0.5 })).rejects.toThrow(
      `${winner}: a threshold: expected a classifier of images with any number of classes`,
    );
    const { preprocessing } = await readCheckpoint(runPaths(single).best);
    const dataset = await openDataset('builtin', { builtin: { train: 10, test: 10 } });
    const teacher = { model: single, weight: 1, temperature: 2 };
    await expect(openTeacher({ ...settingsFor('builtin'), teacher }, { dataset, preprocessing })).rejects.toThrow(
      `${single}: the task of the frozen teacher: expected multi-label, as the run's, got single-label`,
    );
  });
});
