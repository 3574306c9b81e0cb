import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createArtifact } from '../../src/artifacts/create.js';
import { openArtifact } from '../../src/artifacts/read.js';
import { writeArtifact } from '../../src/artifacts/write.js';
import { openTrainedGroup, type TrainedGroup, weightsFor } from '../../src/export/trained-group.js';
import { createGroup } from '../../src/group/create-group.js';
import { createStep, initialState, updatesBefore } from '../../src/group/group.js';
import { openSources } from '../../src/group/network-source.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, MOBILENET, RESNET, runHere, smallData, smallSettings, temporaryFolder } from '../run/runs.js';

const ADAMW = { name: 'adamw', lr: 0.01 } as const;

/** An artifact of a trained group, whose step is for these settings. */
async function artifactOf(trained: TrainedGroup, input: SettingsInput): Promise<string> {
  const folder = join(await temporaryFolder(), 'artifact');
  const settings = parseSettings(input);
  const step = { settings, batch: 16, recordsRate: true };
  const content = createArtifact({ ...trained, step, weights: weightsFor(trained, settings), made: 'by a test' });
  await writeArtifact(folder, content);
  return folder;
}

/** Two networks after two epochs. */
async function trainedPair() {
  const { folder } = await runHere(smallSettings(await smallData(), { nets: [RESNET, MOBILENET], optimizer: ADAMW }));
  return { trained: await openTrainedGroup(folder), best: await readCheckpoint(runPaths(folder).best) };
}

describe('the networks of a run as an artifact', () => {
  it('hold all that training goes on from: weights, the optimizer’s state and count, normalisation, settings', async () => {
    const { trained, best } = await trainedPair();
    const folder = await artifactOf(trained, trained.settings);
    const { manifest } = await openArtifact(folder);
    const { mean, std } = best.preprocessing;
    expect(manifest.preprocessing).toEqual({ mean, std });
    expect(manifest.step?.settings).toMatchObject({ rule: 'argmin', optimizer: ADAMW });
    const sources = await openSources({ nets: [], artifacts: folder });
    const group = createGroup(sources, { classes: best.classes, channels: 1 }, best.preprocessing);
    const step = createStep(group, best.settings);
    const state = initialState(group, step, 7);
    expect([...state.keys()].sort()).toEqual([...best.tensors.keys()].sort());
    for (const [name, value] of state) expect(value, name).toEqual(best.tensors.get(name));
    expect(updatesBefore(group, step)).toBe(best.position.epoch * 3 + best.position.step);
  });

  it('leave another optimizer’s state out', async () => {
    const { trained, best } = await trainedPair();
    const folder = await artifactOf(trained, { ...trained.settings, optimizer: { name: 'sgd' } });
    const { weights } = await openSources({ nets: [], artifacts: folder });
    expect(weights?.updates).toBe(0);
    expect([...(weights?.tensors.keys() ?? [])].filter((name) => name.includes('exp_avg'))).toEqual([]);
    expect(weights?.tensors.get('net0.fc.weight')).toEqual(best.tensors.get('net0.fc.weight'));
  });

  it('are trained on with the normalisation that they have, and may be exported again', async () => {
    const { trained } = await trainedPair();
    const artifacts = await artifactOf(trained, trained.settings);
    const data = await smallData({ perClass: 8 });
    const nets = trained.networks.map(({ name }) => name);
    const { folder, events } = await runHere(smallSettings(data, { artifacts, nets, optimizer: ADAMW, epochs: 1 }));
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('8 of 24 training images are left out'),
    ]);
    await rm(artifacts, { recursive: true });
    const again = await openTrainedGroup(folder);
    expect(again.preprocessing).toEqual(trained.preprocessing);
    expect(again.updates).toBeGreaterThan(trained.updates);
    expect([...again.tensors.keys()].sort()).toEqual([...trained.tensors.keys()].sort());
    const opened = await openTrainedGroup(await artifactOf(again, again.settings));
    expect([opened.updates, opened.best]).toEqual([again.updates, undefined]);
    expect(opened.settings).toMatchObject({ optimizer: ADAMW, batchSize: 16, size: 8 });
  });

  it('may be the one of an exported model, which is trained on with its normalisation', async () => {
    const data = await smallData();
    const { folder } = await runHere(smallSettings(data, { nets: [RESNET], alpha: 0.5, epochs: 1 }));
    const model = await openTrainedGroup(runPaths(folder).winner);
    const { tensors, preprocessing } = await readCheckpoint(runPaths(folder).best);
    const { mean, std } = preprocessing;
    expect(model.preprocessing).toEqual({ mean, std });
    expect(model.settings).toMatchObject({ alpha: 0.5, optimizer: { lr: 0.05 }, nets: ['winner'] });
    for (const [name, value] of model.tensors) expect(value, name).toEqual(tensors.get(name));
    expect(model.tensors.size).toBe([...tensors.keys()].filter((name) => !name.endsWith('.momentum_buffer')).length);
    const artifacts = await artifactOf(model, { ...model.settings });
    const on = smallSettings(data, { artifacts, nets: ['winner'], epochs: 1 });
    const again = await readCheckpoint(runPaths((await runHere(on)).folder).last);
    expect(again.preprocessing).toEqual(preprocessing);
    expect([...again.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    const open = join(artifacts, 'forward.onnx');
    await expect(openTrainedGroup(open)).rejects.toThrow(
      `${open}: its inputs: expected one, images, with all weights in the file, got images, `,
    );
    await expect(openTrainedGroup(runPaths(folder).config)).rejects.toThrow(`${runPaths(folder).config}: `);
  });

  it('warn when their optimizer’s state is not the one of the run', async () => {
    const { trained } = await trainedPair();
    const artifacts = await artifactOf(trained, trained.settings);
    const nets = trained.networks.map(({ name }) => name);
    const { events } = await runHere(smallSettings(await smallData(), { artifacts, nets, epochs: 1 }));
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      `the optimizer state in ${join(artifacts, 'weights.safetensors')} is not that of sgd, which begins without one`,
    ]);
  });
});
