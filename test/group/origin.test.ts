import { readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { writeArtifact } from '../../src/artifacts/write.js';
import { openTrainedGroup } from '../../src/export/trained-group.js';
import { openOrigin, settingsFrom } from '../../src/group/origin.js';
import { readLineage } from '../../src/lineage/lineage-file.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import type { Settings } from '../../src/settings/settings.js';
import { readCheckpoint, tensorsWithoutTrial, writeCheckpoint } from '../../src/store/checkpoint.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { eventsOf, newRunFolder, RESNET, resultsOf, runHere, smallData, smallSettings, WIDER } from '../run/runs.js';

/** Parameters and running statistics of a checkpoint. */
function weightsOf(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...tensors].filter(([name]) => !/\.(momentum_buffer|exp_avg|exp_avg_sq)$/.test(name)));
}

/** The state that a run from another one begins with: it is stopped before its first step. */
async function firstState(settings: Settings) {
  const { folder, events } = await runHere(settings, { stopAfter: 0 });
  return { folder, events, ...(await readCheckpoint(runPaths(folder).last)) };
}

describe('a run from another one', () => {
  it('begins with its weights and running statistics at the last checkpoint, and a fresh optimizer', async () => {
    const { folder } = await runHere(smallSettings(await smallData()), { stopAfter: 4 });
    const settings = await settingsFrom(folder);
    expect(settings).toEqual({ ...(await readRunSettings(folder)), from: folder });
    const last = await readCheckpoint(runPaths(folder).last);
    const slower: Settings = { ...settings, optimizer: { ...settings.optimizer, lr: 0.01 } as Settings['optimizer'] };
    const begun = await firstState(slower);
    expect(weightsOf(begun.tensors)).toEqual(weightsOf(last.tensors));
    const momenta = [...begun.tensors].filter(([name]) => name.endsWith('.momentum_buffer'));
    expect(momenta.length).toBeGreaterThan(10);
    for (const [, { data }] of momenta) expect((data as Float32Array).every((x) => x === 0)).toBe(true);
    expect(begun.position).toEqual({ epoch: 0, step: 0 });
    expect(begun.preprocessing).toEqual(last.preprocessing);
  });

  it('says where it came from: in its start, its checkpoints and its lineage, also once it has gone on', async () => {
    const data = await smallData();
    const { folder } = await runHere(smallSettings(data), { stopAfter: 4 });
    const settings = await settingsFrom(folder);
    const origin = { run: folder, checkpoint: 'last', epoch: 1, step: 1 };
    const whole = await runHere(settings);
    expect(eventsOf(whole.events, 'start')[0]?.origin).toEqual(origin);
    const stopped = await runHere(settings, { stopAfter: 2 });
    // What it came from isn't needed any more
    await rm(folder, { recursive: true });
    const resumed = await runHere(settings, { folder: stopped.folder, resume: true });
    expect(eventsOf(resumed.events, 'start')[0]?.origin).toEqual(origin);
    expect(await resultsOf(stopped.folder)).toEqual(await resultsOf(whole.folder));
    expect((await readLineage(runPaths(stopped.folder).lineage)).origin).toEqual(origin);
    expect((await readCheckpoint(runPaths(stopped.folder).best)).origin).toEqual(origin);
    expect((await readRunSettings(stopped.folder)).from).toBe(folder);
  });

  it('goes on with the normalisation that it took, on other data too', async () => {
    const { folder } = await runHere(smallSettings(await smallData()), { stopAfter: 4 });
    const settings = { ...(await settingsFrom(folder)), data: await smallData({ perClass: 24 }) };
    const whole = await runHere(settings);
    const stopped = await runHere(settings, { stopAfter: 2 });
    await runHere(settings, { folder: stopped.folder, resume: true });
    const { preprocessing } = await readCheckpoint(runPaths(stopped.folder).last);
    expect(preprocessing).toEqual((await readCheckpoint(runPaths(folder).last)).preprocessing);
    expect(await resultsOf(stopped.folder)).toEqual(await resultsOf(whole.folder));
  });

  it('may have another optimizer, and goes on to the same end', async () => {
    const { folder } = await runHere(smallSettings(await smallData()), { stopAfter: 4 });
    const base = await settingsFrom(folder);
    const settings = smallSettings(base.data, { from: folder, optimizer: { name: 'adamw', lr: 0.003 } });
    const whole = await runHere(settings);
    const stopped = await runHere(settings, { stopAfter: 2 });
    await runHere(settings, { folder: stopped.folder, resume: true });
    expect(await resultsOf(stopped.folder)).toEqual(await resultsOf(whole.folder));
  });

  it('begins with a network on trial as it was before', async () => {
    const parameterPerturbation = { when: { every: 2 }, window: 3, sigma: 0.5 };
    const { folder } = await runHere(smallSettings(await smallData(), { parameterPerturbation }), { stopAfter: 2 });
    const last = await readCheckpoint(runPaths(folder).last);
    expect(last.trial).not.toBeNull();
    const begun = await firstState(await settingsFrom(folder));
    const settled = [...tensorsWithoutTrial(last)].filter(([name]) => !name.startsWith('trial.'));
    expect(weightsOf(begun.tensors)).toEqual(weightsOf(new Map(settled)));
    expect(begun.trial).toBeNull();
  });

  it('goes on after a loss that was not finite', async () => {
    const data = await smallData();
    // From some step on the rate is beyond all measure
    const schedule: Settings['schedule'] = { name: 'multi-step', milestones: [1], gamma: 1e30 };
    const folder = await newRunFolder();
    await expect(runHere(smallSettings(data, { schedule }), { folder })).rejects.toThrow(
      /^network \d .*: expected finite numbers\. Lower the learning rate .*"agon train --from RUN" begins a new run/,
    );
    const { outcome, events } = await runHere({ ...(await settingsFrom(folder)), schedule: { name: 'constant' } });
    expect(outcome).toBe('finished');
    expect(eventsOf(events, 'start')[0]?.origin).toEqual({ run: folder, checkpoint: 'last', epoch: 1, step: 0 });
  });

  it.each([
    ['damaged', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, 1000))],
    [
      'not finite',
      async (path: string) => {
        const { tensors, ...header } = await readCheckpoint(path);
        const wrong = { dtype: 'float32', dims: [4], data: Float32Array.of(1, 2, 3, Number.NaN) } as const;
        await writeCheckpoint(path, { ...header, tensors: new Map([...tensors, ['net0.fc.bias', wrong]]) });
      },
    ],
  ] as const)('takes the best checkpoint where the last one is %s, and says so', async (_, spoil) => {
    const { folder } = await runHere(smallSettings(await smallData()));
    const { last, best } = runPaths(folder);
    await spoil(last);
    const begun = await firstState(await settingsFrom(folder));
    expect(weightsOf(begun.tensors)).toEqual(weightsOf((await readCheckpoint(best)).tensors));
    expect(begun.origin).toMatchObject({ checkpoint: 'best' });
    const [warning] = eventsOf(begun.events, 'warning');
    expect(warning?.message).toMatch(/^.*last\.safetensors: .*; its best checkpoint is taken$/);
    await spoil(best);
    await expect(openOrigin(folder)).rejects.toThrow(last);
  });

  it('takes the networks of an artifact from the copy that the other run has', async () => {
    const data = await smallData();
    const first = await runHere(smallSettings(data, { optimizer: { name: 'adamw', lr: 0.01 } }));
    const artifacts = `${await newRunFolder()}/artifact`;
    const { createArtifact } = await import('../../src/artifacts/create.js');
    const { weightsFor } = await import('../../src/export/trained-group.js');
    const group = await openTrainedGroup(first.folder);
    const weights = weightsFor(group, smallSettings(data, { optimizer: { name: 'adamw' } }));
    const { networks, input, preprocessing } = group;
    await writeArtifact(
      artifacts,
      createArtifact({ networks, input, weights, preprocessing, made: 'x', licence: null }),
    );
    const adamw = { optimizer: { name: 'adamw', lr: 0.01 }, nets: undefined } as const;
    const onArtifact = await runHere(smallSettings(data, { ...adamw, artifacts }), { stopAfter: 2 });
    await rm(artifacts, { recursive: true });
    const settings = await settingsFrom(onArtifact.folder);
    expect(settings.artifacts).toBe(runPaths(onArtifact.folder).artifacts);
    const whole = await runHere(settings);
    // Counts the updates of its own optimizer, not those of the artifact's
    const stopped = await runHere(settings, { stopAfter: 2 });
    await runHere(await readRunSettings(stopped.folder), { folder: stopped.folder, resume: true });
    expect(await resultsOf(stopped.folder)).toEqual(await resultsOf(whole.folder));
  });

  it('says where its validation images are none that the networks have not seen', async () => {
    const { folder } = await runHere(smallSettings(await smallData()), { stopAfter: 3 });
    const settings = await settingsFrom(folder);
    const warnings = async (change: Partial<Settings>) =>
      eventsOf((await firstState({ ...settings, ...change })).events, 'warning').map(({ message }) => message);
    const note = `other images are held out than in the run ${folder} (seed 0, validation 0.25): its networks have been`;
    expect(await warnings({ seed: 4 })).toEqual([expect.stringContaining(note)]);
    expect(await warnings({ validation: 0.5 })).toEqual([expect.stringContaining(note)]);
    expect(await warnings({ epochs: 3 })).toEqual([]);
  });

  it('is refused with other networks or classes, in its own folder, and where nothing was saved', async () => {
    const data = await smallData();
    const { folder } = await runHere(smallSettings(data, { nets: [RESNET, WIDER] }), { stopAfter: 1 });
    const settings = await settingsFrom(folder);
    await expect(runHere({ ...settings, nets: [RESNET, RESNET, WIDER] })).rejects.toThrow(
      `settings: nets: expected those of the run ${folder}: resnet-cifar, resnet-cifar, got resnet-cifar, resnet-cifar, resnet`,
    );
    await expect(runHere({ ...settings, data: await smallData({ classes: 3 }) })).rejects.toThrow(
      `its classes are not those of the run ${folder}: expected 4: 0, 1, 2, 3, got 3: 0, 1, 2`,
    );
    await expect(runHere(settings, { folder })).rejects.toThrow(`${folder}: a run can't begin from itself`);
    await rm(runPaths(folder).last);
    await expect(runHere(settings)).rejects.toThrow(`${runPaths(folder).last}: there is no such checkpoint`);
  });
});
