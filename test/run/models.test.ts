import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { exportRun } from '../../src/export/export-run.js';
import { settingsFrom } from '../../src/group/origin.js';
import { decodeModel, writeModelFile } from '../../src/onnx/file.js';
import type { ModelProto } from '../../src/onnx/model.js';
import { parseSettings } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { folded } from '../support/fold.js';
import { CLASSES, eventsOf, RESNET, runHere, smallData, smallSettings, temporaryFolder } from './runs.js';

/** The exported winner of a short run. */
async function trainedModel(classes: number): Promise<ModelProto> {
  const { folder } = await runHere(smallSettings(await smallData({ classes }), { nets: [RESNET], epochs: 1 }));
  return decodeModel(await readFile(runPaths(folder).winner), 'winner.onnx');
}

async function modelFile(model: ModelProto, name = 'model.onnx'): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeModelFile(path, model);
  return path;
}

const saidIn = ({ events }: Pick<Awaited<ReturnType<typeof runHere>>, 'events'>) =>
  ['note' as const, 'warning' as const].flatMap((type) => eventsOf(events, type).map(({ message }) => message));

describe('a run on an ONNX model', () => {
  it('keeps a head of the same classes, and all else: it begins as the model is', async () => {
    const data = await smallData();
    const model = await trainedModel(CLASSES);
    const path = await modelFile(model);
    const begun = await runHere(smallSettings(data, { nets: [path] }), { stopAfter: 0 });
    const { tensors, preprocessing } = await readCheckpoint(runPaths(begun.folder).last);
    for (const { name = '', rawData } of model.graph.initializer.filter(({ dims }) => dims.length > 0)) {
      const own = tensors.get(`net0.${name}`);
      if (own) expect(Buffer.from((own.data as Float32Array).buffer), name).toEqual(Buffer.from(rawData ?? []));
    }
    expect(saidIn(begun)).toEqual([
      `model begins with the weights of ${path}: the head is kept: the classes are the same`,
      expect.stringMatching(/^images are normalised as the model's were: mean .* \(its metadata\)$/),
    ]);
    const twins = await runHere(smallSettings(data, { nets: [path, path] }), { stopAfter: 0 });
    expect(saidIn(twins).join()).toContain('several model begin with the same values, head included');
    const metadata = model.metadataProps?.find(({ key }) => key === 'preprocessing')?.value ?? '';
    expect(preprocessing.mean).toEqual(JSON.parse(metadata).mean);
  });

  it('of folded norms mixed with the zoo, ends the same where it was stopped and the model is gone; and all commands go on', async () => {
    const data = await smallData({ test: 'right' });
    const path = await modelFile(folded(await trainedModel(3)), 'other.onnx');
    const settings = smallSettings(data, { nets: [RESNET, path], rule: 'all' });
    const whole = await runHere(settings);
    const { folder } = await runHere(settings, { stopAfter: 4 });
    await rm(path);
    const resumed = await runHere(await readRunSettings(folder), { folder, resume: true });
    expect(resumed.outcome).toBe('finished');
    const [a, b] = [await readCheckpoint(runPaths(whole.folder).last), await readCheckpoint(runPaths(folder).last)];
    expect([...b.tensors]).toEqual([...a.tensors]);
    expect(b.preprocessing).toEqual(a.preprocessing);
    expect(saidIn(resumed).join()).not.toContain('begins with');

    const options = { checkpoint: 'best' } as const;
    const [own, other] = [await evaluateRun(folder, options), await evaluateRun(whole.folder, options)];
    expect(own.results).toEqual(other.results);
    expect(own.results.map(({ network }) => network.name)).toEqual(['resnet-cifar', 'other']);
    const exported = await exportRun(folder, { ...options, network: '1' });
    expect(exported.parity).toBeLessThan(1e-4);
    // Others see names of files, no folders
    const written = (await readFile(exported.path)).toString('latin1');
    expect([written.includes('"other.onnx"'), written.includes(join(path, '..'))]).toEqual([true, false]);

    const again = await runHere(parseSettings({ ...(await settingsFrom(folder)), epochs: 1, seed: 5 }));
    expect(again.outcome).toBe('finished');
    expect((await evaluateRun(again.folder, options)).results).toHaveLength(2);
  });
});

describe('what a model and a run disagree about', () => {
  it('are errors before anything is trained', async () => {
    const data = await smallData();
    const path = await modelFile(await trainedModel(CLASSES));
    const refused = (overrides: Parameters<typeof smallSettings>[1]) =>
      runHere(smallSettings(data, { nets: [path], ...overrides })).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    expect(await refused({ size: 16 })).toBe(
      `settings: size: ${path} takes images of one size: expected 8x8, got 16. Leave the size out (--size)`,
    );
    expect(await refused({ pretrained: ['a.pth'] })).toContain('pretrained with ONNX models among nets');
    const missing = join(path, '..', 'missing.onnx');
    expect(await refused({ nets: [missing] })).toContain(missing);
  });
});
