import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import type { TrainEvent } from '../../src/events/events.js';
import { learningRateAt } from '../../src/optim/schedule.js';
import { startTraining } from '../../src/run/run.js';
import type { Settings } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { eventsOf, MOBILENET, newRunFolder, RESNET, runHere, smallData, smallSettings } from './runs.js';

describe('a run in a worker thread', () => {
  it('finishes, leaves its files, sends its events in order, and leaves this thread free', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }));
    const folder = await newRunFolder();
    const events: TrainEvent[] = [];
    const before = performance.eventLoopUtilization();
    const run = startTraining({ settings, folder, resume: false, onEvent: (event) => events.push(event) });
    expect(await run.done).toBe('finished');
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);

    const labels = events.map((event) => (event.type === 'phase' ? `phase ${event.phase}` : event.type));
    const epoch = ['step', 'step', 'step', 'phase validation', 'epoch'];
    const begin = ['phase data', 'phase graph', 'start'];
    expect(labels).toEqual([...begin, ...epoch, ...epoch, 'phase test', 'phase assessment', 'phase export', 'end']);
    const steps = [0, 1].flatMap((e) => [0, 1, 2].map((s) => [e, s]));
    expect(eventsOf(events, 'step').map(({ epoch, step }) => [epoch, step])).toEqual(steps);

    const checkpoints = ['best.safetensors', 'last.safetensors'];
    const files = [
      'assessment.json',
      'config.json',
      'data.json',
      'lineage.bin',
      'report.html',
      'result.json',
      'winner.onnx',
      ...checkpoints,
    ].sort();
    expect((await readdir(folder)).sort()).toEqual(files);
    expect(await readRunSettings(folder)).toEqual(settings);
    const { position, best } = await readCheckpoint(runPaths(folder).last);
    expect(position).toEqual({ epoch: 2, step: 0 });
    expect(eventsOf(events, 'end')[0]).toMatchObject({
      best: { epoch: best?.epoch },
      winner: { index: best?.network },
    });
  });

  it('stops after the running step when it is asked to', async () => {
    const settings = smallSettings(await smallData(), { epochs: 200 });
    const folder = await newRunFolder();
    const events: TrainEvent[] = [];
    const onEvent = (event: TrainEvent) => {
      events.push(event);
      if (event.type === 'step' && event.epoch === 0 && event.step === 1) run.stop();
    };
    const run = startTraining({ settings, folder, resume: false, onEvent });
    expect(await run.done).toBe('stopped');
    const { position } = await readCheckpoint(runPaths(folder).last);
    expect(eventsOf(events, 'stop')).toMatchObject([{ ...position, checkpoint: runPaths(folder).last }]);
    expect(position.epoch).toBeLessThan(199);
    expect(eventsOf(events, 'step')).toHaveLength(3 * position.epoch + position.step);
  });
});

describe('a listener', () => {
  it.each([
    [
      'throws',
      (error: Error) => {
        throw error;
      },
    ],
    ['rejects', (error: Error) => Promise.reject(error)],
  ])('that %s stops the run, with a checkpoint and without its lock, and is what it rejects with', async (_, fail) => {
    const settings = smallSettings(await smallData(), { epochs: 200 });
    const folder = await newRunFolder();
    const told: string[] = [];
    const onEvent = ({ type }: TrainEvent) => {
      told.push(type);
      return type === 'step' ? fail(new Error(`no room for ${type}`)) : undefined;
    };
    const run = startTraining({ settings, folder, resume: false, onEvent });
    await expect(run.done).rejects.toThrow('no room for step');
    expect(told.filter((type) => type === 'stop')).toEqual([]);
    expect((await readCheckpoint(runPaths(folder).last)).position.epoch).toBeLessThan(199);
    expect(await readdir(folder)).not.toContain('run.lock');
    await runHere({ ...settings, epochs: 200 }, { folder, resume: true, stopAfter: 1 });
  });

  it('has handled every step before a checkpoint is written, however slow it is', async () => {
    const settings = smallSettings(await smallData(), { epochs: 1 });
    const folder = await newRunFolder();
    const { last } = runPaths(folder);
    let handled = 0;
    const early: number[] = [];
    const onEvent = async ({ type }: TrainEvent) => {
      if (type !== 'step') return;
      await setTimeout(50);
      handled++;
      if (existsSync(last)) early.push(handled);
    };
    await startTraining({ settings, folder, resume: false, onEvent }).done;
    expect([handled, early]).toEqual([3, []]);
  });

  it('may ask for an end at once, which leaves the checkpoint that there was', async () => {
    const settings = smallSettings(await smallData(), { epochs: 200 });
    const folder = await newRunFolder();
    const onEvent = (event: TrainEvent) => {
      if (event.type === 'step' && event.epoch === 1) run.stop({ atOnce: true });
    };
    const run = startTraining({ settings, folder, resume: false, onEvent });
    expect(await run.done).toBe('stopped');
    const { position } = await readCheckpoint(runPaths(folder).last);
    expect(position.step).toBe(0);
    expect((await readdir(folder)).filter((name) => /lock|\d$/.test(name))).toEqual([]);
  });
});

describe('a run', () => {
  it('trains a single network through the same code, at the rates of the schedule', async () => {
    const schedule = { name: 'one-cycle', pctStart: 0.4, divFactor: 10, finalDivFactor: 100 } as const;
    const settings = smallSettings(await smallData(), { nets: [RESNET], schedule, warmupEpochs: 0.5 });
    const { outcome, events } = await runHere(settings);
    expect(outcome).toBe('finished');
    const steps = eventsOf(events, 'step');
    for (const { ce, kl, feature, total, teachers } of steps) {
      expect({ ce, kl, feature, total, teachers }).toEqual({ ce, kl: [0], feature: [0], total: ce, teachers: [[0]] });
    }
    expect(eventsOf(events, 'epoch').map(({ networks }) => networks.map(({ won }) => won))).toEqual([[1], [1]]);
    const rates = { base: 0.05, schedule, warmupEpochs: 0.5, epochs: 2, stepsPerEpoch: 3 };
    expect(steps.map(({ lr }) => lr)).toEqual([0, 1, 2, 3, 4, 5].map((step) => learningRateAt(step, rates)));
    expect(eventsOf(events, 'epoch').map(({ lr }) => lr)).toEqual([steps[2]?.lr, steps[5]?.lr]);
  });

  it('is taught by a frozen teacher, to its weight and temperature', async () => {
    const data = await smallData();
    const { folder } = await runHere(smallSettings(data, { epochs: 1 }));
    const teacher = { model: folder, weight: 0.5, temperature: 3 };
    const { events } = await runHere(smallSettings(data, { seed: 1, epochs: 1, alpha: 2, teacher }));
    const steps = eventsOf(events, 'step');
    expect(steps).toHaveLength(3);
    for (const { ce, kl, kd, total } of steps) {
      for (const [i, own] of ce.entries()) {
        expect(kd[i]).toBeGreaterThan(0);
        expect(total[i]).toBeCloseTo(own + 2 * (kl[i] as number) + 0.5 * 3 ** 2 * (kd[i] as number), 5);
      }
    }
  });

  it('learns', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), { nets: [RESNET, MOBILENET], epochs: 8 });
    const [end] = eventsOf((await runHere(settings)).events, 'end');
    const winner = end?.winner.index ?? 0;
    expect(end?.best.validation?.networks[winner]?.accuracy).toBeGreaterThan(0.8);
    expect(end?.best.test?.ensemble.accuracy).toBeGreaterThan(0.8);
    expect(end?.best.test?.networks[winner]?.accuracy).toBeGreaterThan(0.8);
    expect(end?.parity).toBeLessThan(1e-4);
  });

  it('gives the same numbers each time, and never looks at the test split while it trains', async () => {
    const nets: Settings['nets'] = [MOBILENET, RESNET];
    const right = smallSettings(await smallData({ test: 'right' }), { nets });
    const wrong = smallSettings(await smallData({ test: 'wrong' }), { nets, workers: 2 });
    const runs = [await runHere(right), await runHere(wrong)];
    const [a, b] = runs.map(({ events }) => eventsOf(events, 'end')[0]);
    expect(a?.best.test).not.toEqual(b?.best.test);
    const chosen = [a, b].map((end) => [end?.best.epoch, end?.winner, end?.best.validation, end?.last.validation]);
    expect(chosen[0]).toEqual(chosen[1]);
    for (const which of ['best', 'last'] as const) {
      const [one, other] = await Promise.all(runs.map(({ folder }) => readCheckpoint(runPaths(folder)[which])));
      expect(one?.tensors).toEqual(other?.tensors);
    }
  });

  it('is evaluated afterwards to the same numbers', async () => {
    const { folder, events } = await runHere(smallSettings(await smallData({ test: 'right' })));
    const [end] = eventsOf(events, 'end');
    const test = await evaluateRun(folder, { checkpoint: 'best' });
    expect([test.split, test.images]).toEqual(['test', 24]);
    const networks = test.results.map(({ evaluation }) => evaluation);
    expect({ networks, ensemble: test.ensemble }).toEqual(end?.best.test);
    const last = await evaluateRun(folder, { checkpoint: 'last' });
    expect(last.ensemble).toEqual(end?.last.test?.ensemble);
    const { settings: _, ...result } = (await readResult(runPaths(folder).result)) ?? { settings: {} };
    expect(result).toMatchObject({ winner: end?.winner.index, best: end?.best, last: end?.last });
    const validation = await evaluateRun(folder, { checkpoint: 'best', split: 'validation' });
    expect(validation.images).toBe(16);
    expect(validation.results[end?.winner.index ?? 0]?.evaluation).toEqual(
      end?.best.validation?.networks[end.winner.index],
    );
    const other = await smallData({ classes: 6 });
    await expect(evaluateRun(folder, { checkpoint: 'best', data: other })).rejects.toThrow(
      `${other}: classes that the network was not trained on: expected only 0, 1, 2, 3, got 4, 5. Rename them`,
    );
  });
});
