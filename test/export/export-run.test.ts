import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../src/data/formats/open.js';
import { decodeImage } from '../../src/data/image/decode.js';
import { toTensor } from '../../src/data/image/preprocess.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { exportRun } from '../../src/export/export-run.js';
import { readModelFile } from '../../src/onnx/file.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import { readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf } from '../run/runs.js';
import { copyRun, pictureRun } from './picture-run.js';

const run = pictureRun();

/** The end event of the run. */
function ending() {
  const [end] = eventsOf(run.ran.events, 'end');
  if (!end) throw new Error('the run has not ended');
  return end;
}

/** The metadata of a model file, parsed. */
async function metadataOf(path: string): Promise<Record<string, Record<string, unknown>>> {
  const { metadataProps = [] } = await readModelFile(path);
  return Object.fromEntries(metadataProps.map(({ key, value }) => [key, JSON.parse(value)]));
}

describe('the exported winner', () => {
  it('has standard inference operators only', async () => {
    const { opsetImport, graph, functions } = await readModelFile(ending().model);
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
    const { graph } = await readModelFile(ending().model);
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
    const { model, winner, best } = ending();
    const { preprocessing } = await readCheckpoint(runPaths(run.ran.folder).best);
    const { test: split } = await openDataset(join(run.root, 'pictures'));
    if (split?.source.kind !== 'files') throw new Error('expected image files');
    const inputs: Float32Array[] = [];
    for (const path of split.source.paths) inputs.push(toTensor(await decodeImage(path, 3), preprocessing));
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
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
      const exported = await exportRun(folder, { checkpoint: 'best', network: '1', opset, out });
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

describe('a model that takes images', () => {
  it('gives what the winner gives of prepared ones, in a session of its own and in all commands', async () => {
    const folder = await copyRun(run, 'images');
    const { path, opset } = await exportRun(folder, { checkpoint: 'best', input: 'image' });
    expect([path, opset]).toEqual([join(folder, 'winner-image.onnx'), 18]);
    const { preprocessing } = await readCheckpoint(runPaths(folder).best);
    const { train } = await openDataset(join(run.root, 'pictures'));
    if (train.source.kind !== 'files') throw new Error('no files');
    const [file] = train.source.paths as [string];
    const { data, height, width } = await decodeImage(file);
    const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
    const { logits, probabilities } = await session.run({
      image: new ort.Tensor('uint8', data, [1, height, width, 3]),
    });
    await session.release();
    const winner = await ort.InferenceSession.create(ending().model, { intraOpNumThreads: 1 });
    const prepared = new ort.Tensor('float32', toTensor(await decodeImage(file), preprocessing), [
      ...[1, preprocessing.channels, preprocessing.height, preprocessing.width],
    ]);
    const { logits: own } = await winner.run({ images: prepared });
    await winner.release();
    const [got, expected] = [logits, own].map((each) => Array.from((each as ort.Tensor).data as Float32Array)) as [
      number[],
      number[],
    ];
    for (const [k, z] of expected.entries()) expect(got[k]).toBeCloseTo(z, 2);
    const powers = got.map((z) => Math.exp(z));
    const sum = powers.reduce((a, b) => a + b);
    const shares = Array.from((probabilities as ort.Tensor).data as Float32Array);
    for (const [k, p] of shares.entries()) expect(p).toBeCloseTo((powers[k] ?? 0) / sum, 5);
    expect(await predictImages(path, [file], { top: 3 })).toEqual(
      await predictImages(ending().model, [file], { top: 3 }),
    );
  });
});
