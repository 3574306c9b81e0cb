import { cpSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { exportRun } from '../../src/export/export-run.js';
import { readLineage } from '../../src/lineage/lineage-file.js';
import { readModelFile } from '../../src/onnx/file.js';
import type { ModelProto } from '../../src/onnx/model.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint, tensorsWithoutTrial } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, newRunFolder, RESNET, resultsOf, runHere, smallData, smallSettings } from './runs.js';

/** Everybody teaches everybody, features too: what isn't finite in one network would reach all. */
const TAUGHT: SettingsInput = { nets: [RESNET, RESNET, RESNET], rule: 'all', beta: 0.5 };
const DIVERGING: SettingsInput = {
  ...TAUGHT,
  parameterPerturbation: { when: { every: 2 }, window: 2, sigma: 3e38, crossover: 0 },
};

describe('a perturbed network whose loss is not finite', () => {
  it.each<[string, SettingsInput]>([
    ['SGD, everybody teaches', {}],
    ['AdamW, the best teaches', { optimizer: { name: 'adamw' }, rule: 'argmin' }],
  ])('is rolled back at once, and leaves no trace in the run: %s', async (_, overrides) => {
    const data = await smallData();
    const run = await runHere(smallSettings(data, { ...DIVERGING, ...overrides }));
    const without = await runHere(smallSettings(data, { ...TAUGHT, ...overrides }));
    const steps = eventsOf(run.events, 'step');
    expect(steps.map(({ verdict }) => verdict?.gain)).toEqual([undefined, null, undefined, null, undefined, null]);
    const losses = ({ events }: typeof run) => eventsOf(events, 'step').map(({ total, teachers }) => [total, teachers]);
    expect(losses(run)).toEqual(losses(without));
    expect((await resultsOf(run.folder)).last.tensors).toEqual((await resultsOf(without.folder)).last.tensors);

    const { parameters } = eventsOf(run.events, 'epoch')[1]?.perturbations ?? {};
    expect(parameters).toEqual([{ operation: 'mutation', fired: 2, kept: 0, rolledBack: 2, diverged: 2, gain: null }]);
    const lineage = await readLineage(runPaths(run.folder).lineage);
    expect(lineage.steps.map((step) => step?.verdict)).toEqual(steps.map(({ verdict }) => verdict));
  });
});

describe('a trial that is open where an epoch ends', () => {
  it('is not what is validated, kept as the best, evaluated and exported: that is the network as it was before', async () => {
    // Three steps an epoch: the trial is over steps 1 to 3, from 0
    const overrides: SettingsInput = { parameterPerturbation: { when: { every: 2 }, window: 3, sigma: 2 } };
    const settings = smallSettings(await smallData(), overrides);
    const copy = `${await newRunFolder()}-of-epoch-1`;
    onTestFinished(() => rm(copy, { recursive: true, force: true }));
    const folder = await newRunFolder();
    const { events } = await runHere(settings, {
      folder,
      onEvent: (event) => {
        if (event.type === 'epoch' && event.epoch === 0) cpSync(folder, copy, { recursive: true });
      },
    });
    const [first] = eventsOf(events, 'epoch');
    const perturbed = eventsOf(events, 'step')[1]?.parameterPerturbation?.network;
    expect(perturbed).toBeDefined();

    const before = await readCheckpoint(runPaths((await runHere(settings, { stopAfter: 1 })).folder).last);
    const best = await readCheckpoint(runPaths(copy).best);
    const last = await readCheckpoint(runPaths(copy).last);
    expect([best.trial, last.trial?.network]).toEqual([null, perturbed]);
    expect([...best.tensors.keys()].sort()).toEqual([...before.tensors.keys()].sort());
    for (const [name, value] of best.tensors) {
      const own = name.startsWith(`net${perturbed}.`);
      expect(value, name).toEqual((own ? before : last).tensors.get(name));
      expect(tensorsWithoutTrial(last).get(name), name).toEqual(value);
    }
    const { results } = await evaluateRun(copy, { checkpoint: 'last', split: 'validation' });
    expect(results.map(({ evaluation }) => evaluation)).toEqual(first?.networks.map(({ validation }) => validation));
    const models = await Promise.all(
      (['best', 'last'] as const).map(async (checkpoint) => {
        const { path } = await exportRun(copy, { checkpoint, network: String(perturbed), out: join(copy, checkpoint) });
        return weightsOfModel(await readModelFile(path));
      }),
    );
    expect(models[1]).toEqual(models[0]);
  });
});

const weightsOfModel = ({ graph }: ModelProto) => graph.initializer.map(({ name, rawData }) => [name, rawData]);
