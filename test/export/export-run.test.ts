import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../src/data/formats/open.js';
import { decodeImage } from '../../src/data/image/decode.js';
import { toTensor } from '../../src/data/image/preprocess.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { exportRun } from '../../src/export/export-run.js';
import { readModelFile } from '../../src/onnx/file.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import { type Assessment, writeAssessment } from '../../src/store/assessment.js';
import { readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { exportWeb } from '../../src/web/export-web.js';
import { eventsOf } from '../run/runs.js';
import { copyRun, picture, pictureRun } from './picture-run.js';

const run = pictureRun();

/** The end event of the run. */
function ending() {
  const [end] = eventsOf(run.ran.events, 'end');
  if (!end) throw new Error('the run has not ended');
  return end;
}

/** The metadata of a model file, as texts. */
async function textsOf(path: string): Promise<Record<string, string>> {
  const { metadataProps = [] } = await readModelFile(path);
  return Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
}

/** Those that Agon reads, parsed. */
async function metadataOf(path: string): Promise<Record<string, Record<string, unknown>>> {
  const texts = await textsOf(path);
  const own = ['agon', 'labels', 'preprocessing'].map((key) => [key, JSON.parse(texts[key] ?? 'null')]);
  return Object.fromEntries(own);
}

/** The winner as a model that takes tensors. */
let tensorModel: string;
beforeAll(async () => {
  const out = join(run.root, 'tensor.onnx');
  ({ path: tensorModel } = await exportRun(run.ran.folder, { checkpoint: 'best', input: 'tensor', out }));
});

describe('the exported winner that takes tensors', () => {
  it('has standard inference operators only', async () => {
    const { opsetImport, graph, functions } = await readModelFile(tensorModel);
    const hasClip = graph.node.some(({ opType }) => opType === 'Clip');
    expect(opsetImport).toMatchObject([{ domain: '', version: hasClip ? 11 : 9 }]);
    expect(functions ?? []).toEqual([]);
    const operators = new Set(graph.node.map(({ opType, domain }) => `${domain ?? ''}:${opType}`));
    const all = ['Conv', 'BatchNormalization', 'Relu', 'Clip', 'Add', 'Gemm', 'MatMul', 'GlobalAveragePool', 'Flatten'];
    const allowed = [...all, 'ReduceMean', 'Reshape'].map((op) => `:${op}`);
    expect(allowed).toEqual(expect.arrayContaining([...operators]));
    const norms = graph.node.filter(({ opType }) => opType === 'BatchNormalization');
    expect(norms.length).toBeGreaterThan(4);
    for (const { output, attribute = [] } of norms) {
      expect([output.length, attribute.find(({ name }) => name === 'training_mode')?.i ?? 0]).toEqual([1, 0]);
    }
  });

  it('has images in, logits out, and its parameters under their own names', async () => {
    const { graph } = await readModelFile(tensorModel);
    expect(graph.input.map(({ name }) => name)).toEqual(['images']);
    expect(graph.output.map(({ name }) => name)).toEqual(['logits']);
    const names = (graph.initializer ?? []).map(({ name }) => name);
    const { tensors } = await readCheckpoint(runPaths(run.ran.folder).best);
    const prefix = `net${ending().winner.index}.`;
    const own = [...tensors.keys()].filter((name) => name.startsWith(prefix) && !name.endsWith('.momentum_buffer'));
    expect(names).toEqual(expect.arrayContaining(own.map((name) => name.slice(prefix.length))));
  });

  it('describes itself', async () => {
    const { labels, preprocessing, agon } = await metadataOf(ending().model);
    const { winner, best } = ending();
    expect(labels).toEqual(['blue', 'red', 'yellow']);
    expect(preprocessing).toMatchObject({ height: 8, width: 8, channels: 3, resize: { height: 9, width: 9 } });
    expect(agon).toMatchObject({
      network: winner.name,
      networkIndex: winner.index,
      checkpoint: 'best',
      epochs: best.epoch + 1,
      validationAccuracy: best.validation?.networks[winner.index]?.accuracy,
      testAccuracy: best.test?.networks[winner.index]?.accuracy,
      settings: { seed: 0, batchSize: 16 },
    });
  });

  it('classifies the test images as the trainer did, in batches of any size', async () => {
    const { winner, best } = ending();
    const { preprocessing } = await readCheckpoint(runPaths(run.ran.folder).best);
    const { test: split } = await openDataset(join(run.root, 'pictures'));
    if (split?.source.kind !== 'files') throw new Error('expected image files');
    const inputs: Float32Array[] = [];
    for (const path of split.source.paths) inputs.push(toTensor(await decodeImage(path, 3), preprocessing));
    const session = await ort.InferenceSession.create(tensorModel, { intraOpNumThreads: 1 });
    const logits = async (images: readonly Float32Array[]) => {
      const joined = Float32Array.from(images.flatMap((image) => [...image]));
      const feeds = { images: new ort.Tensor('float32', joined, [images.length, 3, 8, 8]) };
      const { logits: result } = await session.run(feeds);
      expect(result?.dims).toEqual([images.length, 3]);
      return Array.from((result as ort.Tensor).data as Float32Array);
    };
    const all = await logits(inputs);
    const alone = await logits(inputs.slice(2, 3));
    alone.forEach((value, i) => {
      expect(value).toBeCloseTo(all[6 + i] as number, 4);
    });
    const five = await logits(inputs.slice(0, 5));
    expect(five).toHaveLength(15);
    const correct = [...split.labels].filter((label, i) => {
      const row = all.slice(3 * i, 3 * i + 3);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(correct.length / split.length).toBe(best.test?.networks[winner.index]?.accuracy);
    await session.release();
  });

  it("agrees with the trainer's logits", () => {
    expect(ending().parity).toBeGreaterThanOrEqual(0);
    expect(ending().parity).toBeLessThan(1e-4);
  });
});

describe('export', () => {
  it('takes a network by index or by a name that only one has', async () => {
    const folder = await copyRun(run, 'choices');
    const byIndex = await exportRun(folder, { checkpoint: 'best', network: '1', out: join(folder, 'one.onnx') });
    const byName = await exportRun(folder, {
      checkpoint: 'best',
      network: 'mobilenetv2',
      out: join(folder, 'two.onnx'),
    });
    expect(byIndex.networks).toEqual(byName.networks);
    expect(await readFile(byIndex.path)).toEqual(await readFile(byName.path));
    const { graph } = await readModelFile(byIndex.path);
    expect(graph.node.some(({ opType }) => opType === 'Dropout')).toBe(false);
  });

  it('writes where it is told, else into the run, never over the winner of the best epoch', async () => {
    const folder = await copyRun(run, 'places');
    const { index, name } = ending().winner;
    const others = [0, 1, 2].filter((i) => i !== index);
    const paths: string[] = [];
    for (const network of [undefined, ...others.map(String)])
      paths.push((await exportRun(folder, { checkpoint: 'best', network })).path);
    paths.push((await exportRun(folder, { checkpoint: 'last' })).path);
    expect(paths.slice(0, 1)).toEqual([join(folder, 'winner.onnx')]);
    expect(paths.at(-1)).toBe(join(folder, `${name}-${index}-last.onnx`));
    expect(new Set(paths).size).toBe(4);
    expect((await metadataOf(paths[3] as string)).agon).toMatchObject({ checkpoint: 'last', epochs: 4 });
    expect(await readFile(paths[0] as string)).not.toEqual(await readFile(paths[3] as string));
  });

  it.each([
    ['resnet-cifar', 'more than one of that name'],
    ['resnet20', 'none of them'],
    ['3', 'none of them'],
  ])('of network %s is refused', async (network, got) => {
    await expect(exportRun(run.ran.folder, { checkpoint: 'best', network })).rejects.toThrow(
      `export: network "${network}": expected one of 0 (resnet-cifar), 1 (mobilenetv2), 2 (resnet-cifar), ` +
        `got ${got}. Give its index`,
    );
  });

  it('is in the operator set that is asked for, with the same logits', async () => {
    const folder = await copyRun(run, 'opsets');
    const written = async (opset: number) => {
      const out = join(folder, `${opset}.onnx`);
      const exported = await exportRun(folder, { checkpoint: 'best', network: '1', input: 'tensor', opset, out });
      expect(exported.parity).toBeLessThan(1e-4);
      return [exported.opset, (await readModelFile(out)).opsetImport[0]?.version];
    };
    expect(await written(11)).toEqual([11, 11]);
    expect(await written(17)).toEqual([17, 17]);
    expect(await written(23)).toEqual([23, 23]);
    await expect(written(10)).rejects.toThrow(
      "export of mobilenetv2: operator set 10 doesn't have Clip as the model needs it. It takes one from 11 on",
    );
  });

  it('writes nothing when it fails', async () => {
    const folder = await copyRun(run, 'failures');
    const before = await readdir(folder);
    const missing = join(folder, 'nowhere', 'model.onnx');
    await expect(exportRun(folder, { checkpoint: 'best', out: missing })).rejects.toThrow(
      `${missing}: can't be written: `,
    );
    const { tensors, ...header } = await readCheckpoint(runPaths(folder).best);
    const name = `net${ending().winner.index}.fc.bias`;
    const spoilt = { dtype: 'float32', dims: [3], data: new Float32Array(3).fill(Number.NaN) } as const;
    await writeCheckpoint(runPaths(folder).best, { ...header, tensors: new Map([...tensors, [name, spoilt]]) });
    await expect(exportRun(folder, { checkpoint: 'best' })).rejects.toThrow(
      /the trainer’s logits: the network has diverged/,
    );
    expect(await readdir(folder)).toEqual(before);
  });

  it('of a network whose weights have grown without bound is refused, and one with large logits is not', async () => {
    const folder = await copyRun(run, 'diverged');
    const { tensors, ...header } = await readCheckpoint(runPaths(folder).best);
    const weight = `net${ending().winner.index}.fc.weight`;
    const { dtype, dims, data } = tensors.get(weight) as Tensor;
    const exportTimes = async (factor: number) => {
      const grown = { dtype, dims, data: (data as Float32Array).map((value) => factor * value) } as Tensor;
      await writeCheckpoint(runPaths(folder).best, { ...header, tensors: new Map([...tensors, [weight, grown]]) });
      return exportRun(folder, { checkpoint: 'best' });
    };
    expect((await exportTimes(1e4)).parity).toBeGreaterThan(0);
    await expect(exportTimes(1e24)).rejects.toThrow(/has diverged: expected finite numbers up to 16777216, got -?\d/);
    await expect(exportTimes(3e38)).rejects.toThrow('has diverged');
    await expect(exportTimes(Number.NaN)).rejects.toThrow('has diverged');
  });

  it('of a run without that checkpoint is an error that names it', async () => {
    const folder = join(run.root, 'none');
    await expect(exportRun(folder, { checkpoint: 'best' })).rejects.toThrow(
      `${join(folder, 'best.safetensors')}: there is no such checkpoint`,
    );
  });
});

describe('the exported winner', () => {
  it('takes images as programs have them, alone and in batches, and gives what Agon sees in them', async () => {
    const { path, opset, input } = await exportRun(await copyRun(run, 'images'), { checkpoint: 'best' });
    expect([opset, input]).toEqual([18, 'image']);
    expect((await readModelFile(path)).graph).toEqual((await readModelFile(ending().model)).graph);
    const { preprocessing } = await readCheckpoint(runPaths(run.ran.folder).best);
    const files = await Promise.all(
      (['blue', 'red', 'yellow'] as const).map(async (colour, i) => {
        return run.write(`own-${colour}.png`, await picture(colour, 40 + i, 37, 23));
      }),
    );
    const images = await Promise.all(files.map((file) => decodeImage(file)));
    const winner = await ort.InferenceSession.create(tensorModel, { intraOpNumThreads: 1 });
    const prepared = Float32Array.from(images.flatMap((image) => Array.from(toTensor(image, preprocessing))));
    const { logits: own } = await winner.run({ images: new ort.Tensor('float32', prepared, [3, 3, 8, 8]) });
    await winner.release();
    const expected = Array.from(own?.data as Float32Array);

    const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
    const give = async (some: typeof images) => {
      const bytes = Uint8Array.from(some.flatMap(({ data }) => Array.from(data)));
      const results = await session.run({ image: new ort.Tensor('uint8', bytes, [some.length, 23, 37, 3]) });
      expect(results.probabilities?.dims).toEqual([some.length, 3]);
      return results;
    };
    const { logits, probabilities } = await give(images);
    const alone = await give(images.slice(1, 2));
    await session.release();
    const got = Array.from(logits?.data as Float32Array);
    for (const [k, z] of expected.entries()) expect(got[k]).toBeCloseTo(z, 2);
    Array.from(alone.logits?.data as Float32Array).forEach((z, k) => {
      expect(z).toBeCloseTo(got[3 + k] ?? 0, 4);
    });
    const shares = Array.from(probabilities?.data as Float32Array);
    for (const [k, p] of shares.entries()) {
      const row = got.slice(k - (k % 3), k - (k % 3) + 3).map((z) => Math.exp(z));
      expect(p).toBeCloseTo((row[k % 3] ?? 0) / row.reduce((a, b) => a + b), 5);
    }
    expect(await predictImages(path, files, { top: 3 })).toEqual(await predictImages(tensorModel, files, { top: 3 }));
  });

  it('describes itself to other tools as Ultralytics does', async () => {
    const { names, imgsz, stride, task, channels, batch, license, date, description } = await textsOf(ending().model);
    expect({ names, imgsz, task, channels, batch, license, date }).toEqual({
      names: "{0: 'blue', 1: 'red', 2: 'yellow'}",
      imgsz: '[8, 8]',
      task: 'classify',
      channels: '3',
      batch: '1',
    });
    // All three networks halve their images once
    expect(stride).toBe('2');
    expect(description).toBe(`Image classifier (${ending().winner.name}) of 3 classes, trained by Agon`);
  });

  it('is written with a page that runs it', async () => {
    const folder = join(run.root, 'page');
    const { path, folderBytes } = await exportWeb(run.ran.folder, folder, { checkpoint: 'best' });
    expect((await metadataOf(path)).labels).toEqual(['blue', 'red', 'yellow']);
    const page = JSON.parse(await readFile(join(folder, 'page.json'), 'utf8')) as Record<string, unknown>;
    expect(page).toMatchObject({ version: 1, classes: ['blue', 'red', 'yellow'], task: 'single-label' });
    const files = (await readdir(folder, { recursive: true })).filter((name) => name !== 'onnxruntime');
    expect(page.files).toEqual(files.sort());
    expect(folderBytes).toBeGreaterThan(40e6);
  });

  it('needs an operator set with antialiasing, unless it takes tensors', async () => {
    await expect(exportRun(run.ran.folder, { checkpoint: 'best', opset: 17 })).rejects.toThrow(
      "export: operator set 17 can't scale images as Agon does: its Resize has no antialiasing: expected 18 or later. " +
        'A model that takes prepared tensors does without: --input tensor',
    );
    const out = join(run.root, 'newest.onnx');
    const { opset, preparation } = await exportRun(run.ran.folder, { checkpoint: 'best', opset: 23, out });
    expect([opset, preparation]).toEqual([23, ending().preparation]);
    expect(preparation).toBeLessThan(0.01);
  });
});

describe('a calibrated model', () => {
  it('divides logits by the measured temperature before they become probabilities, in the file and in all commands', async () => {
    const folder = await copyRun(run, 'calibrated');
    await writeAssessment(runPaths(folder).assessment, assessmentOf(run, [3, 0.5, 4, 2]));
    const { index } = ending().winner;
    const temperature = [3, 0.5, 4][index] ?? Number.NaN;
    const file = await run.write('calibrated.png', await picture('red', 77, 20, 31));
    const { data, height, width } = await decodeImage(file);
    const image = new ort.Tensor('uint8', data, [1, height, width, 3]);
    const give = async (options: Partial<Parameters<typeof exportRun>[1]>) => {
      const { path, temperature: used } = await exportRun(folder, { checkpoint: 'best', ...options });
      const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
      const { logits, probabilities } = await session.run({ image });
      await session.release();
      const [z, p] = [logits, probabilities].map((each) => Array.from(each?.data as Float32Array)) as [
        number[],
        number[],
      ];
      return { path, used, z, p };
    };
    const plain = await give({});
    expect((await textsOf(plain.path)).temperature).toBeUndefined();
    for (const [options, t] of [
      [{}, temperature],
      [{ ensemble: true }, 2],
    ] as const) {
      const { path, used, z, p } = await give({ ...options, calibrated: true });
      const powers = z.map((value) => Math.exp(value / t));
      const sum = powers.reduce((a, b) => a + b);
      for (const [k, share] of p.entries()) expect(share).toBeCloseTo((powers[k] ?? 0) / sum, 5);
      expect([used, (await textsOf(path)).temperature]).toEqual([t, String(t)]);
      if (t === temperature) expect(z).toEqual(plain.z);
      const [predicted] = await predictImages(path, [file], { top: 3 });
      const shown = predicted && 'predictions' in predicted ? predicted.predictions : [];
      const labels = ['blue', 'red', 'yellow'];
      for (const { label, probability } of shown) expect(probability).toBeCloseTo(p[labels.indexOf(label)] ?? 0, 3);
      expect(shown).toHaveLength(3);
    }
  });

  it('is refused where nothing measured it', async () => {
    const folder = await copyRun(run, 'uncalibrated');
    const { assessment: path } = runPaths(folder);
    const calibrated = (options = {}) => exportRun(folder, { checkpoint: 'best', calibrated: true, ...options });
    const remake = `Make it: agon report ${folder}`;
    await expect(calibrated()).rejects.toThrow(`${path}: nothing says how the run is calibrated. ${remake}`);
    const whole = assessmentOf(run, [3, 0.5, 4, 2]);
    const epoch = ending().best.epoch + 1;
    await writeAssessment(path, { ...whole, epoch });
    await expect(calibrated()).rejects.toThrow(
      `${path}: the run was assessed at another epoch than that of the checkpoint: expected epoch ${epoch}, got ${epoch + 1}. ${remake}`,
    );
    await writeAssessment(path, assessmentOf(run, [0.05, 0.05, 0.05, 0.05]));
    await expect(calibrated()).rejects.toThrow(
      'its temperature, 0.05, is none: as far as the search went, the loss fell: got 18 validation images',
    );
    await writeAssessment(path, { ...whole, split: 'train' });
    await expect(calibrated()).rejects.toThrow(
      'the run was assessed on the images that it learned from. What is right there',
    );
    await writeAssessment(path, { ...whole, subjects: whole.subjects.slice(0, 3) });
    await expect(calibrated({ ensemble: true })).rejects.toThrow(`${path}: it lacks the ensemble. ${remake}`);
    await expect(calibrated({ input: 'tensor' })).rejects.toThrow(
      'a model that takes tensors gives logits alone: there are no probabilities to calibrate. Leave out --input tensor',
    );
  });
});

/** What an assessment of the run's best epoch would say, with these temperatures of its networks and of the ensemble. */
function assessmentOf({ ran }: typeof run, temperatures: readonly number[]): Assessment {
  const [end] = eventsOf(ran.events, 'end');
  const evaluation = { loss: 1, accuracy: 0.5, top5: 1, ece: 0.1 };
  const scaled = { loss: 1, ece: 0 };
  return {
    split: 'validation',
    epoch: end?.best.epoch ?? 0,
    images: 18,
    task: 'single-label',
    classes: ['blue', 'red', 'yellow'],
    winner: end?.winner.index ?? 0,
    subjects: temperatures.map((temperature, i) => ({
      label: i < 3 ? `network ${i}` : 'ensemble',
      ...(i < 3 && { network: i }),
      evaluation,
      confusion: [],
      perClass: [],
      calibration: { bins: [], ece: 0.1, temperature, scaled },
    })),
    pictures: [],
    worst: [],
    uncertain: [],
    labelErrors: [],
    labelErrorCount: 0,
    confused: [],
  };
}
