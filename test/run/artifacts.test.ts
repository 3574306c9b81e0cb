import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ArtifactOptions, createArtifact } from '../../src/artifacts/create.js';
import { openArtifact } from '../../src/artifacts/read.js';
import { writeArtifact } from '../../src/artifacts/write.js';
import { zooNetworks } from '../../src/artifacts/zoo.js';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { exportRun } from '../../src/export/export-run.js';
import { createGroup } from '../../src/group/create-group.js';
import { createStep, initialState, updatesBefore } from '../../src/group/group.js';
import { openSources } from '../../src/group/network-source.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { parseSettings, type Settings, type SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { prepareRunFolder, readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { eventsOf, MOBILENET, RESNET, runHere, smallData, smallSettings, temporaryFolder } from './runs.js';

const NETS = [RESNET, MOBILENET];
const INPUT = { classes: 10, channels: 3, height: 32, width: 32 };

/** Settings of a run on an artifact: its networks are not named, so that `nets` has its default. */
function settingsOn(data: string, artifacts: string, overrides: SettingsInput = {}): Settings {
  return smallSettings(data, { nets: ['resnet8', 'resnet8'], ...overrides, artifacts });
}

/** Writes an artifact of two unlike networks for other classes, channels and sizes than the data's. */
async function artifactOf(overrides: Partial<ArtifactOptions> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), 'artifact');
  const networks = zooNetworks(NETS);
  await writeArtifact(folder, createArtifact({ networks, input: INPUT, made: '', licence: null, ...overrides }));
  return folder;
}

describe('a run on the networks of an artifact', () => {
  it('gives the numbers of a run on the networks themselves, and needs nothing but its folder afterwards', async () => {
    const data = await smallData({ test: 'right' });
    const artifacts = await artifactOf();
    const own = await runHere(smallSettings(data, { nets: NETS }));
    const { folder } = await runHere(settingsOn(data, artifacts), { stopAfter: 4 });
    await rm(artifacts, { recursive: true });
    const resumed = await runHere(await readRunSettings(folder), { folder, resume: true });
    expect(resumed.outcome).toBe('finished');

    const [a, b] = [await readCheckpoint(runPaths(own.folder).last), await readCheckpoint(runPaths(folder).last)];
    expect(b.settings.nets).toEqual(['resnet-cifar', 'mobilenetv2']);
    expect([...b.tensors.keys()].sort()).toEqual([...a.tensors.keys()].sort());
    for (const [name, value] of a.tensors) expect(b.tensors.get(name), name).toEqual(value);

    const options = { checkpoint: 'best' } as const;
    expect((await evaluateRun(folder, options)).results).toEqual((await evaluateRun(own.folder, options)).results);
    const exported = await exportRun(folder, { ...options, network: '0' });
    expect(exported.networks).toEqual([{ index: 0, name: 'resnet-cifar', parameters: expect.any(Number) }]);
    const student = smallSettings(data, { nets: [RESNET], epochs: 1, teacher: { model: folder, weight: 1 } });
    const [step] = eventsOf((await runHere(student)).events, 'step');
    expect(step?.kd[0]).toBeGreaterThan(0);
  });

  it('may itself be what another run begins with, also in its place', async () => {
    const data = await smallData();
    const { folder } = await runHere(settingsOn(data, await artifactOf(), { epochs: 1 }));
    await prepareRunFolder(folder, { overwrite: true });
    const again = settingsOn(data, runPaths(folder).artifacts, { epochs: 1, seed: 3 });
    expect((await runHere(again, { folder })).outcome).toBe('finished');
    expect((await openArtifact(runPaths(folder).artifacts)).manifest.networks.length).toBe(2);
    expect((await readCheckpoint(runPaths(folder).last)).settings.seed).toBe(3);
  });

  it('refuses what it can not be', async () => {
    const data = await smallData();
    const artifacts = await artifactOf();
    await expect(runHere(settingsOn(data, artifacts, { nets: ['resnet20'] }))).rejects.toThrow(
      `settings: nets and artifacts both name networks: expected those of ${artifacts}: resnet-cifar, mobilenetv2, got resnet20.`,
    );
    await expect(runHere(settingsOn(data, data))).rejects.toThrow('there is no training artifact');
    await rename(join(artifacts, 'mobilenetv2'), join(artifacts, 'elsewhere'));
    await expect(runHere(settingsOn(data, artifacts))).rejects.toThrow(
      `${join(artifacts, 'mobilenetv2', 'forward.onnx')}: is missing from the artifact`,
    );
  });
});

describe('weights in an artifact', () => {
  const begin = { epochs: 1, optimizer: { name: 'adamw', lr: 0.01 }, nets: NETS } as const;

  /** An artifact with the last state of a run. */
  async function artifactAfter(run: string, tensors?: Map<string, Tensor>): Promise<string> {
    const last = await readCheckpoint(runPaths(run).last);
    return artifactOf({ weights: { tensors: tensors ?? last.tensors, updates: 3 } });
  }

  it('are what training begins with; optimizer state too, with its count of updates, where the optimizer is the same', async () => {
    const { folder } = await runHere(smallSettings(await smallData(), begin));
    const { tensors, classes, preprocessing } = await readCheckpoint(runPaths(folder).last);
    const sources = await openSources({ nets: [], artifacts: await artifactAfter(folder) });
    const group = createGroup(sources, { classes, channels: preprocessing.channels }, preprocessing);
    const stateWith = (optimizer: SettingsInput['optimizer']) => {
      const settings = parseSettings({ ...begin, optimizer });
      const step = createStep(group, settings);
      return { state: initialState(group, step, settings.seed), updates: updatesBefore(group, step) };
    };
    const same = stateWith({ name: 'adamw' });
    expect(same.updates).toBe(3);
    expect([...same.state.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, value] of same.state) expect(value, name).toEqual(tensors.get(name));
    const other = stateWith({ name: 'sgd' });
    expect(other.updates).toBe(0);
    expect(other.state.get('net0.fc.weight')).toEqual(tensors.get('net0.fc.weight'));
    expect(toNumbers(other.state.get('net0.fc.weight.momentum_buffer') as Tensor)).toEqual(new Array(32).fill(0));
  });

  it('for other classes, and incomplete ones, are errors that name file and tensor', async () => {
    const { folder } = await runHere(smallSettings(await smallData(), begin));
    const artifacts = await artifactAfter(folder);
    const where = join(artifacts, 'weights.safetensors');
    const fewer = await smallData({ classes: 3 });
    await expect(runHere(settingsOn(fewer, artifacts))).rejects.toThrow(
      `${where}: tensor "net0.fc.weight": expected float32 [3, 8], got float32 [4, 8]. Weights go with the classes`,
    );
    const { tensors } = await readCheckpoint(runPaths(folder).last);
    const without = new Map([...tensors].filter(([name]) => name !== 'net1.classifier.1.bias'));
    const incomplete = await artifactAfter(folder, without);
    await expect(runHere(settingsOn(await smallData(), incomplete))).rejects.toThrow(
      `${join(incomplete, 'weights.safetensors')}: tensor "net1.classifier.1.bias" is missing`,
    );
  });
});
