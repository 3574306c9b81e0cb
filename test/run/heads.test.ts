import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { openTrainedGroup } from '../../src/export/trained-group.js';
import { settingsFrom } from '../../src/group/origin.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { buildNetwork, planNetwork } from '../../src/nets/registry.js';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { type Checkpoint, readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { png } from '../data/helpers.js';
import { imageFolder, TWO_CLASSES } from './picture-data.js';
import {
  eventsOf,
  MOBILENET,
  type Ran,
  RESNET,
  resultsOf,
  runHere,
  smallData,
  smallSettings,
  temporaryFolder,
  WIDER,
} from './runs.js';

afterEach(() => vi.unstubAllEnvs());

const MEMORY = { featureCache: 'memory' } as const;
const HEADS: SettingsInput = {
  nets: [MOBILENET, RESNET],
  freeze: 'backbone',
  augmentation: 'none',
  epochs: 3,
  ...MEMORY,
};

const notes = ({ events }: Ran) => {
  return eventsOf(events, 'note').flatMap(({ message }) => (message.startsWith('features of') ? [message] : []));
};
const lastOf = ({ folder }: Ran) => readCheckpoint(runPaths(folder).last);
const isHead = (name: string) => /^net\d\.(classifier|linear|fc)\./.test(name);

/** A file with weights for a network and colour images, and what timm says of them. */
async function weightsOf(spec: object): Promise<string> {
  const folder = await temporaryFolder();
  const network = buildNetwork(planNetwork(spec), { classes: 2, channels: 3, height: 8, width: 8 });
  await writeFile(join(folder, 'w.safetensors'), encodeSafetensors(initialiseParameters(network, 1)));
  const config = { architecture: 'x', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  return join(folder, 'w.safetensors');
}

function expectClose(one: Checkpoint['tensors'], other: Checkpoint['tensors'], digits: number) {
  expect([...one.keys()].sort()).toEqual([...other.keys()].sort());
  for (const [name, { data }] of one) {
    const theirs = other.get(name)?.data ?? [];
    for (const [i, x] of (data as Float32Array).entries()) expect(Number(theirs[i]), name).toBeCloseTo(x, digits);
  }
}

describe('heads on features that are computed once', () => {
  it('are trained as in steps that compute the frozen backbone each time, to rounding', async () => {
    const data = await smallData({ test: 'right' });
    const more = { parameterPerturbation: { when: { every: 4 }, window: 2 }, rule: 'all', alpha: 0.5 } as const;
    const once = await runHere(smallSettings(data, { ...HEADS, ...more }));
    const each = await runHere(smallSettings(data, { ...HEADS, ...more, featureCache: 'none' }));
    const [steps, others] = [once, each].map(({ events }) => eventsOf(events, 'step'));
    expect(steps).toHaveLength(9);
    for (const [i, step] of (steps ?? []).entries()) {
      for (const name of ['ce', 'kl', 'total', 'accuracy'] as const)
        for (const [k, value] of step[name].entries()) expect(others?.[i]?.[name][k]).toBeCloseTo(value, 4);
      expect([step.lr, step.parameterPerturbation, step.verdict?.kept]).toEqual([
        others?.[i]?.lr,
        others?.[i]?.parameterPerturbation,
        others?.[i]?.verdict?.kept,
      ]);
    }
    const [mine, theirs] = [await lastOf(once), await lastOf(each)];
    expectClose(mine.tensors, theirs.tensors, 4);
    // And the heads have learned something, the backbones nothing
    const start = await lastOf(await runHere(smallSettings(data, { ...HEADS, ...more }), { stopAfter: 1 }));
    for (const [name, { data: numbers }] of start.tensors) {
      if (isHead(name)) expect(mine.tensors.get(name)?.data, name).not.toEqual(numbers);
      else expect(mine.tensors.get(name)?.data, name).toEqual(numbers);
    }
    expect(notes(once)).toEqual([
      'features of the frozen backbones (16 and 8 numbers an image): computed for 88 images; not kept on disk',
    ]);
    expect(notes(each)).toEqual([]);
    expect(eventsOf(once.events, 'end')[0]?.best.test).toBeDefined();
  });

  it('end with the same numbers where they were stopped in between, and are evaluated, exported and begun from as any run', async () => {
    const data = await smallData({ test: 'right' });
    const settings = smallSettings(data, {
      ...HEADS,
      nets: [RESNET, WIDER],
      augmentation: 'auto',
      views: 3,
      parameterPerturbation: { when: { every: 4 }, window: 3 },
    });
    const whole = await runHere(settings);
    for (const stopAfter of [5]) {
      const { folder } = await runHere(settings, { stopAfter });
      await runHere(settings, { folder, resume: true });
      expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
    }
    const evaluated = await evaluateRun(whole.folder, { checkpoint: 'best', split: 'test' });
    const told = eventsOf(whole.events, 'end')[0]?.best.test?.networks;
    evaluated.results.forEach(({ evaluation }, i) => {
      expect(evaluation.accuracy).toBeCloseTo(told?.[i]?.accuracy ?? -1, 6);
    });
    expect((await openTrainedGroup(whole.folder)).updates).toBeGreaterThan(0);
    const next = await runHere(parseSettings({ ...(await settingsFrom(whole.folder)), epochs: 1 }));
    expect(next.outcome).toBe('finished');
  });

  it.each<[SettingsInput, string]>([
    [{ inputPerturbation: { pool: 'paper' } }, 'inputPerturbation with features'],
    [{ teacher: { model: 'x.onnx' } }, 'teacher with features'],
    [{ unlabelled: 'others' }, 'unlabelled with features'],
    [{ unfreezeAt: 1, freeze: 'none', teacher: { model: 'x.onnx' } }, 'teacher with features'],
    [
      { engine: 'ort-training', optimizer: { name: 'sgd', lr: 0.1, momentum: 0 } },
      'freeze with the engine ort-training',
    ],
  ])('are refused with what needs images: %j', async (more, message) => {
    await expect(runHere(smallSettings('no/such/data', { ...HEADS, ...more }))).rejects.toThrow(message);
  });
});

describe('features on disk', () => {
  const run = (data: string, more: SettingsInput = {}) => {
    const settings = {
      nets: [RESNET],
      freeze: 'backbone',
      featureCache: 'disk',
      size: 8,
      batchSize: 4,
      epochs: 1,
      views: 2,
    };
    return runHere(smallSettings(data, { ...settings, ...more } as SettingsInput));
  };

  it('are found by a second run, by content: only new images are computed', async () => {
    vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder());
    const data = await imageFolder(TWO_CLASSES);
    // Images are normalised alike whatever there is
    const given = { pretrained: [await weightsOf(RESNET)], seed: 3 };
    const first = await run(data, given);
    // 4 of 16 images are held out, of which there is one view
    expect(notes(first)).toEqual(['features of the frozen backbone (8 numbers an image): computed for 28 images']);
    const second = await run(data, given);
    expect(notes(second)).toEqual(['features of the frozen backbone (8 numbers an image): found on disk for 28']);
    expect(await resultsOf(second.folder)).toEqual(await resultsOf(first.folder));
    // Renamed ones are known, a new one isn't
    await copyFile(join(data, 'a/0.png'), join(data, 'a/other.png'));
    await rm(join(data, 'a/0.png'));
    await writeFile(join(data, 'b/new.png'), await png(12, 10, 99));
    const [third] = notes(await run(data, { ...given, validation: 0, views: 1 }));
    expect(third).toBe(
      'features of the frozen backbone (8 numbers an image): computed for 1 image, found on disk for 16',
    );
  });

  it("are kept of none where the folder can't be written, which is said", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'agon'), 'a file in its place');
    vi.stubEnv('XDG_CACHE_HOME', folder);
    const ran = await run(await imageFolder(TWO_CLASSES));
    expect(ran.outcome).toBe('finished');
    expect(notes(ran)[0]).toMatch(/computed for 28 images; they can't be kept: /);
  });
});

describe('heads first, then all', () => {
  const SETTINGS: SettingsInput = {
    ...MEMORY,
    nets: [RESNET],
    unfreezeAt: 1,
    epochs: 3,
    optimizer: { name: 'adamw', lr: 0.01 },
  };

  it('trains the other layers from an epoch on, and goes on to the same end from any place', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), SETTINGS);
    const whole = await runHere(settings);
    expect(eventsOf(whole.events, 'step')).toHaveLength(9);
    const heads = await runHere(settings, { stopAfter: 3 });
    const start = await runHere(settings, { stopAfter: 1 });
    const [before, between, after] = [await lastOf(start), await lastOf(heads), await lastOf(whole)];
    for (const [name, { data }] of before.tensors) {
      if (name.endsWith('.exp_avg') || name.endsWith('.exp_avg_sq')) continue;
      if (!isHead(name)) expect(between.tensors.get(name)?.data, name).toEqual(data);
      if (/\.weight$/.test(name)) expect(after.tensors.get(name)?.data, name).not.toEqual(data);
    }
    expect([...between.tensors.keys()].filter((name) => name.endsWith('.exp_avg')).every((name) => isHead(name))).toBe(
      true,
    );
    expect(after.tensors.size).toBeGreaterThan(between.tensors.size);
    for (const stopAfter of [3, 4]) {
      const { folder } = await runHere(settings, { stopAfter });
      await runHere(settings, { folder, resume: true });
      expect(await resultsOf(folder), `stopped after ${stopAfter}`).toEqual(await resultsOf(whole.folder));
    }
  });

  it('leaves frozen what the setting names, after the first epochs as well', async () => {
    const settings = smallSettings(await smallData(), { ...SETTINGS, nets: [RESNET], freeze: 'layer1', epochs: 2 });
    const { tensors } = await lastOf(await runHere(settings));
    const { tensors: before } = await lastOf(await runHere(settings, { stopAfter: 1 }));
    expect(tensors.get('net0.layer1.0.conv1.weight')).toEqual(before.get('net0.layer1.0.conv1.weight'));
    expect(tensors.get('net0.layer2.0.conv1.weight')).not.toEqual(before.get('net0.layer2.0.conv1.weight'));
  });

  it('says where no other layers join in', async () => {
    const settings = smallSettings(await smallData(), { ...SETTINGS, nets: [RESNET], epochs: 1 });
    const { events, outcome } = await runHere(settings);
    const said = eventsOf(events, 'warning').map(({ message }) => message);
    expect(said).toContain('unfreezeAt 1: no other layers join in, as the run has 1 epoch');
    expect(outcome).toBe('finished');
  });
});
