import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TrainEvent } from '../../src/events/events.js';
import { hasOrtTraining } from '../../src/ort-training/session/library.js';
import { startTraining } from '../../src/run/run.js';
import { checkSettings, parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import {
  eventsOf,
  MOBILENET,
  newRunFolder,
  RESNET,
  resultsOf,
  runHere,
  smallData,
  smallSettings,
  WIDER,
} from '../run/runs.js';

const plainSgd = { name: 'sgd', lr: 0.05, momentum: 0 } as const;
const adamw = { name: 'adamw', lr: 0.01 } as const;

const official = (data: string, overrides: SettingsInput = {}) =>
  smallSettings(data, { engine: 'ort-training', optimizer: plainSgd, ...overrides });

describe.skipIf(!hasOrtTraining())('a run by the official sessions (skipped without the package)', () => {
  it("goes from data to the winner's export in a worker thread, with the losses of Agon's own engine", async () => {
    const data = await smallData({ test: 'right' });
    const overrides: SettingsInput = { nets: [RESNET, MOBILENET], warmupEpochs: 1, optimizer: adamw };
    const folder = await newRunFolder();
    const events: TrainEvent[] = [];
    const settings = official(data, overrides);
    const run = startTraining({ settings, folder, resume: false, onEvent: (event) => events.push(event) });
    expect(await run.done).toBe('finished');
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('biased variance'),
      expect.stringContaining("can't be resumed"),
    ]);
    const own = eventsOf((await runHere({ ...settings, engine: 'agon' })).events, 'step');
    const steps = eventsOf(events, 'step');
    expect(steps.length).toBe(6);
    steps.forEach(({ total, teachers, lr }, k) => {
      total.forEach((value, i) => {
        expect(Math.abs(value - (own[k]?.total[i] as number)), `step ${k}`).toBeLessThan(1e-4);
      });
      expect([teachers, lr]).toEqual([own[k]?.teachers, own[k]?.lr]);
    });
    const { last, best, winner } = runPaths(folder);
    for (const path of [last, best, winner]) expect(existsSync(path)).toBe(true);
    const [end] = eventsOf(events, 'end');
    expect(end?.parity).toBeLessThan(1e-4);
    expect(end?.last.test?.networks.length).toBe(2);
    expect((await readCheckpoint(last)).settings.engine).toBe('ort-training');
  });

  it('that goes on after a stop equals one that never stopped, also with perturbed parameters', async () => {
    const settings = official(await smallData(), {
      nets: [RESNET, WIDER],
      schedule: { name: 'one-cycle' },
      parameterPerturbation: { when: { every: 2 }, window: 3, sigma: 0.5 },
    });
    const whole = await runHere(settings);
    expect(eventsOf(whole.events, 'step').flatMap(({ verdict }) => verdict ?? []).length).toBeGreaterThan(0);
    const { folder } = await runHere(settings, { stopAfter: 2 });
    const resumed = await runHere(settings, { folder, resume: true });
    expect(resumed.outcome).toBe('finished');
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
  });

  it('does not go on with AdamW', async () => {
    const settings = official(await smallData(), { nets: [RESNET], optimizer: adamw });
    const { folder, outcome } = await runHere(settings, { stopAfter: 1 });
    expect(outcome).toBe('stopped');
    await expect(runHere(settings, { folder, resume: true })).rejects.toThrow(
      "resume: the engine ort-training can't go on with AdamW, whose moments its session doesn't give away. Start a new run",
    );
  });

  it.each<[string, SettingsInput]>([
    ['SGD without momentum', { optimizer: plainSgd }],
    ['AdamW', { optimizer: adamw }],
    ['a frozen teacher at the temperature of the competition', { teacher: { model: 'x', temperature: 1 } }],
    ['a frozen teacher alone at its own', { teacher: { model: 'x', temperature: 4 }, rule: 'none' }],
    ['perturbed parameters with SGD', { parameterPerturbation: {} }],
  ])('may have %s', (_, overrides) => {
    expect(() => checkSettings(official('builtin', overrides))).not.toThrow();
  });
});

describe('a run by the official sessions can not have', () => {
  it.each<[string, SettingsInput, string]>([
    [
      'momentum',
      { optimizer: { name: 'sgd' } },
      'optimizer.momentum with the engine ort-training: expected 0, as its SGD has none, got 0.9. Use --momentum 0, or --optimizer adamw',
    ],
    [
      'a feature loss',
      { beta: 0.5 },
      'beta with the engine ort-training: expected 0, as it has no feature loss, got 0.5',
    ],
    [
      'perturbed images',
      { inputPerturbation: { pool: 'paper' } },
      'inputPerturbation with the engine ort-training: expected none, as its networks share a batch, got paper',
    ],
    [
      'perturbed parameters with AdamW',
      { optimizer: adamw, parameterPerturbation: {} },
      "parameterPerturbation with the engine ort-training: expected SGD, as AdamW's moments can't be rolled back, got adamw",
    ],
    [
      'two temperatures',
      { teacher: { model: 'x', temperature: 4 } },
      'teacher.temperature with the engine ort-training: expected the temperature of the competition (1), got 4',
    ],
    [
      'a schedule that goes by losses',
      { schedule: { name: 'plateau' } },
      'schedule with the engine ort-training: expected another, as its rates are settled before the first step, got plateau',
    ],
    [
      'class weights',
      { classWeights: 'balanced' },
      'classWeights with the engine ort-training: expected "none", as its cross-entropy has no weights, got "balanced"',
    ],
    [
      'images without labels',
      { unlabelled: 'others' },
      'unlabelled with the engine ort-training: expected none, as every row of its batches has a label, got others',
    ],
    ['another device', { device: 'cuda:1' }, 'device with the engine ort-training: expected cpu, got cuda:1'],
  ])('%s', (_, overrides, message) => {
    const settings = parseSettings({ engine: 'ort-training', optimizer: plainSgd, ...overrides });
    expect(() => checkSettings(settings)).toThrow(`settings: ${message}`);
    expect(() => checkSettings({ ...settings, engine: 'agon' })).not.toThrow();
  });
});
