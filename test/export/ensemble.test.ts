import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { predictImages } from '../../src/evaluate/predict.js';
import { exportRun } from '../../src/export/export-run.js';
import { ensembleGraph } from '../../src/export/inference-graph.js';
import { scale } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import { readModelFile } from '../../src/onnx/file.js';
import { tensor } from '../../src/onnx/tensor.js';
import { readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { stream } from '../../src/util/random.js';
import { agon } from '../cli/command-line.js';
import { RESNET, runHere, smallData, smallSettings } from '../run/runs.js';
import { runGraph } from '../support/run.js';
import { type Colour, copyRun, picture, pictureRun } from './picture-run.js';

const run = pictureRun();
const copy = (name: string) => copyRun(run, name);

/** Rows of logits of a model file for some random images. */
async function logitsOf(path: string, count: number, shape: readonly number[]): Promise<number[][]> {
  const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
  const random = stream(3, 'images');
  const dims = [count, ...shape];
  const pixels = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, random.normal);
  const { logits } = await session.run({ images: new ort.Tensor('float32', pixels, dims) });
  await session.release();
  const data = Array.from((logits as ort.Tensor).data as Float32Array);
  return Array.from({ length: count }, (_, i) =>
    data.slice((i * data.length) / count, ((i + 1) * data.length) / count),
  );
}

function softmax(row: readonly number[]): number[] {
  const powers = row.map((z) => Math.exp(z - Math.max(...row)));
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
}

const largest = (row: readonly number[]) => row.indexOf(Math.max(...row));

/** Each network of a run in a file of its own. */
async function exportAll(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const network of ['0', '1', '2']) {
    paths.push(
      (await exportRun(folder, { checkpoint: 'best', network, input: 'tensor', out: join(folder, `${network}.onnx`) }))
        .path,
    );
  }
  return paths;
}

describe('the exported ensemble', () => {
  it("gives logarithms of the mean of its networks' probabilities", async () => {
    const folder = await copy('averages');
    const { path, networks, ensemble, parity } = await exportRun(folder, {
      checkpoint: 'best',
      ensemble: true,
      input: 'tensor',
    });
    expect([path, ensemble, networks.length]).toEqual([join(folder, 'ensemble-tensor.onnx'), true, 3]);
    expect(parity).toBeLessThan(1e-4);
    const each: number[][][] = [];
    for (const one of await exportAll(folder)) each.push(await logitsOf(one, 9, [3, 8, 8]));
    const got = await logitsOf(path, 9, [3, 8, 8]);
    for (let i = 0; i < 9; i++) {
      const probabilities = each.map((rows) => softmax(rows[i] as number[]));
      for (let c = 0; c < 3; c++) {
        const mean = probabilities.reduce((sum, row) => sum + (row[c] as number), 0) / 3;
        expect(got[i]?.[c]).toBeCloseTo(Math.log(mean), 4);
      }
      expect(got[i]?.reduce((sum, z) => sum + Math.exp(z), 0)).toBeCloseTo(1, 5);
    }
    // The networks are not of one mind, or the mean would tell nothing.
    expect(each[0]).not.toEqual(each[2]);
  });

  it('has each name once, and all parameters of the checkpoint under their names there', async () => {
    const folder = await copy('names');
    const { path } = await exportRun(folder, { checkpoint: 'best', ensemble: true });
    const { graph } = await readModelFile(path);
    const values = [...graph.input, ...(graph.initializer ?? [])].map(({ name }) => name);
    values.push(...graph.node.flatMap(({ output }) => output.filter((name) => name !== '')));
    expect(new Set(values).size).toBe(values.length);
    const nodes = graph.node.map(({ name = '' }) => name);
    expect(nodes).not.toContain('');
    expect(new Set(nodes).size).toBe(nodes.length);
    expect([graph.input.map(({ name }) => name), graph.output.map(({ name }) => name)]).toEqual([
      ['image'],
      ['probabilities', 'logits'],
    ]);
    const { tensors } = await readCheckpoint(runPaths(folder).best);
    const stored = [...tensors.keys()].filter((name) => !name.endsWith('.momentum_buffer'));
    const names = (graph.initializer ?? []).map(({ name = '' }) => name);
    expect(new Set(names.filter((name) => /^net\d\./.test(name)))).toEqual(new Set(stored));
    expect(graph.node.some(({ opType }) => opType === 'Dropout')).toBe(false);
  });

  it('describes itself', async () => {
    const folder = await copy('described');
    const { path } = await exportRun(folder, { checkpoint: 'last', ensemble: true });
    expect(path).toBe(join(folder, 'ensemble-last.onnx'));
    const best = await exportRun(folder, { checkpoint: 'best', ensemble: true });
    const [last, first] = await Promise.all(
      [path, best.path].map(async (each) => {
        const { metadataProps = [] } = await readModelFile(each);
        const [agon] = metadataProps.filter(({ key }) => key === 'agon');
        return JSON.parse(agon?.value ?? '') as unknown;
      }),
    );
    const checkpoint = await readCheckpoint(runPaths(folder).best);
    const ensemble = ['resnet-cifar', 'mobilenetv2', 'resnet-cifar'];
    expect(last).toMatchObject({ ensemble, checkpoint: 'last', epochs: 4 });
    expect(last).not.toHaveProperty('validationAccuracy');
    expect(first).toMatchObject({ ensemble, validationAccuracy: checkpoint.best?.ensemble?.accuracy });
  });

  it('predicts the mean of what its networks predict', async () => {
    const folder = await copy('predictions');
    const { path } = await exportRun(folder, { checkpoint: 'best', ensemble: true });
    const files: string[] = [];
    for (const colour of ['blue', 'red', 'yellow'] as Colour[]) {
      files.push(await run.write(`ensemble-${colour}.png`, await picture(colour, 321)));
    }
    const probabilities = async (model: string) => {
      const results = await predictImages(model, files, { top: 3 });
      return results.map((result) => {
        if (!('predictions' in result)) throw new Error(result.error);
        return new Map(result.predictions.map(({ label, probability }) => [label, probability]));
      });
    };
    const each: Map<string, number>[][] = [];
    for (const one of await exportAll(folder)) each.push(await probabilities(one));
    for (const [i, got] of (await probabilities(path)).entries()) {
      for (const [label, probability] of got) {
        const mean = each.reduce((sum, results) => sum + (results[i]?.get(label) ?? Number.NaN), 0) / 3;
        expect(probability).toBeCloseTo(mean, 5);
      }
    }
  });

  it('of one network alone puts the same class first', async () => {
    const settings = smallSettings(await smallData(), { nets: [RESNET] });
    const { folder } = await runHere(settings);
    const tensors = { checkpoint: 'best', input: 'tensor' } as const;
    const { path } = await exportRun(folder, { ...tensors, ensemble: true });
    const [alone, together] = [
      await logitsOf((await exportRun(folder, tensors)).path, 20, [1, 8, 8]),
      await logitsOf(path, 20, [1, 8, 8]),
    ];
    for (const [i, row] of together.entries()) {
      expect(largest(row)).toBe(largest(alone[i] as number[]));
      for (const [c, p] of softmax(alone[i] as number[]).entries())
        expect(Math.exp(row[c] as number)).toBeCloseTo(p, 5);
    }
  });

  it('is finite where float32 has no such small probabilities', async () => {
    const forward = (factor: number) => {
      const g = new Graph('scaled');
      const flat = g.op('Flatten', [g.input('images', 'float32', ['N', 3, 1, 1])]);
      g.output('logits', scale(g, flat, factor));
      return g;
    };
    const images = tensor('float32', [2, 3, 1, 1], [0, 1, -1, 2, 0, 0.5]);
    const { logits } = await runGraph(ensembleGraph([forward(200), forward(150)]), { images });
    const expected = [
      [0, 1, -1],
      [2, 0, 0.5],
    ].flatMap((row) => {
      const [a, b] = [200, 150].map((factor) => softmax(row.map((z) => factor * z))) as [number[], number[]];
      return a.map((p, c) => Math.log((p + (b[c] as number)) / 2));
    });
    for (const [i, value] of expected.entries()) expect(logits?.data[i]).toBeCloseTo(value, 3);
    expect(Math.min(...expected)).toBeLessThan(-250);
  });

  it('is not written when it disagrees with the trainer', async () => {
    const folder = await copy('spoilt');
    const { best } = runPaths(folder);
    const { tensors, ...header } = await readCheckpoint(best);
    const spoilt = tensor('float32', [3], [0, Number.NaN, 0]);
    await writeCheckpoint(best, { ...header, tensors: new Map([...tensors, ['net2.fc.bias', spoilt]]) });
    const before = await readdir(folder);
    await expect(exportRun(folder, { checkpoint: 'best', ensemble: true })).rejects.toThrow(
      'export of the ensemble: the trainer’s logits: the network has diverged',
    );
    expect(await readdir(folder)).toEqual(before);
  });

  it('is a command, which takes no network beside it', async () => {
    const folder = await copy('command');
    const { exitCode, stdout } = await agon(`export ${folder} --ensemble --out ${join(folder, 'all.onnx')}`);
    expect([exitCode, stdout.split(',')[0]]).toEqual([0, `${join(folder, 'all.onnx')}  ensemble of resnet-cifar #0`]);
    expect((await readFile(join(folder, 'all.onnx'))).length).toBeGreaterThan(1000);
    const before = await readdir(folder);
    expect((await agon(`export ${folder} --ensemble --network 1`)).exitCode).not.toBe(0);
    await expect(exportRun(folder, { checkpoint: 'best', ensemble: true, network: '1' })).rejects.toThrow(
      'export: both one network and the ensemble are asked for. Leave one of them out',
    );
    expect(await readdir(folder)).toEqual(before);
  });
});
