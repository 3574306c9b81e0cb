import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readLineage } from '../../src/lineage/lineage-file.js';
import type { Settings, SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { runPaths } from '../../src/store/run-folder.js';
import {
  eventsOf,
  MOBILENET,
  newRunFolder,
  type Ran,
  RESNET,
  resultsOf,
  runHere,
  smallData,
  smallSettings,
  temporaryFolder,
  WIDER,
} from './runs.js';

/** What each kind of run has to carry over: momentum, two moments and the step's number, Dropout's stream, augmentation. */
const KINDS: readonly { readonly kind: string; readonly overrides: SettingsInput; readonly stops: number[][] }[] = [
  {
    kind: 'SGD, one-cycle, two networks alike',
    overrides: { schedule: { name: 'one-cycle' }, rule: 'all-better', beta: 0.5 },
    // At the end of the first epoch; in the second.
    stops: [[3], [4]],
  },
  {
    kind: 'AdamW, Dropout, unlike networks, TrivialAugment, mixup and CutMix',
    overrides: {
      nets: [MOBILENET, RESNET, WIDER],
      optimizer: { name: 'adamw', lr: 0.01 },
      ...{ trivialAugment: true, randomErasing: 0.5, mixup: 0.4, cutmix: 1 },
    },
    // In both epochs.
    stops: [[2, 2]],
  },
  {
    kind: 'perturbed inputs and parameters',
    overrides: {
      nets: [RESNET, RESNET, WIDER],
      inputPerturbation: { pool: 'release', when: { every: 2 } },
      // Trials over steps 1 to 3, with the end of the first epoch in it, and 5, the last.
      parameterPerturbation: { when: { every: 2 }, window: 3, sigma: 0.5 },
    },
    // In the first trial, at its end of the epoch, after it.
    stops: [[2], [3, 1]],
  },
];

/** What the events say of the training itself, without wall times. */
function told({ events }: Pick<Ran, 'events'>) {
  const steps = eventsOf(events, 'step').map(({ seconds, waited, ...step }) => step);
  const epochs = eventsOf(events, 'epoch').map(({ seconds, waited, imagesPerSecond, ...epoch }) => epoch);
  const ends = eventsOf(events, 'end').map(({ model, ...end }) => end);
  return { steps, epochs, ends };
}

describe('a run that goes on after a stop equals one that never stopped', () => {
  it.each(KINDS)('$kind', async ({ overrides, stops }) => {
    const settings = smallSettings(await smallData(), overrides);
    const whole = await runHere(settings);
    for (const [first = 0, ...others] of stops) {
      const parts = [await runHere(settings, { stopAfter: first })];
      const { folder } = parts[0] as Ran;
      for (const stopAfter of others) parts.push(await runHere(settings, { folder, resume: true, stopAfter }));
      const last = await runHere(settings, { folder, resume: true });
      expect([...parts, last].map(({ outcome }) => outcome)).toEqual([...parts.map(() => 'stopped'), 'finished']);
      const done = first + others.reduce((a, b) => a + b, 0);
      // An epoch whose steps are done is validated yet.
      const epoch = Math.ceil(done / 3) - 1;
      expect(eventsOf(last.events, 'start')[0]?.resumedAt).toEqual({ epoch, step: done - 3 * epoch });
      const events = [...parts, last].flatMap((part) => part.events);
      expect(told({ events })).toEqual(told(whole));
      expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
    }
  });
});

describe('a resumed run', () => {
  it('equals one that never stopped, wherever that was', async () => {
    const settings = smallSettings(await smallData());
    const { last } = runPaths(await newRunFolder());
    const { folder } = await runHere(settings, {
      folder: dirname(last),
      onEvent: (event) => {
        if (event.type === 'epoch' && event.epoch === 0) copyFileSync(last, `${last}.first`);
      },
    });
    const results = await resultsOf(folder);

    // As after a kill between the second epoch's two checkpoints: the best one is new, the last one is old, and half written.
    await rename(`${last}.first`, last);
    await writeFile(`${last}.1234567`, 'half');
    expect((await runHere(settings, { folder, resume: true })).outcome).toBe('finished');
    expect(await resultsOf(folder)).toEqual(results);
    expect(await readdir(folder)).not.toContain('last.safetensors.1234567');

    const finished = await runHere(settings, { folder, resume: true });
    expect([finished.outcome, told(finished)]).toMatchObject(['finished', { steps: [], epochs: [] }]);
    expect(await resultsOf(folder)).toEqual(results);

    const stopped = await runHere(settings, { stopAfter: 0 });
    expect(eventsOf(stopped.events, 'stop')).toMatchObject([{ epoch: 0, step: 0 }]);
    await runHere(settings, { folder: stopped.folder, resume: true });
    expect(await resultsOf(stopped.folder)).toEqual(results);
  });

  it('whose process was killed equals one that never was', async () => {
    const settings = smallSettings(await smallData(), { epochs: 40 });
    const folder = await newRunFolder();
    const child = spawnRun(folder, settings);
    let epochs = 0;
    for await (const line of createInterface(child.stdout))
      if (line === 'epoch' && ++epochs === 2) child.kill('SIGKILL');
    expect(await ended(child)).toBe('SIGKILL');
    const { position } = await readCheckpoint(runPaths(folder).last);
    expect(position.epoch).toBeGreaterThanOrEqual(2);
    expect(position.epoch).toBeLessThan(40);
    await runHere(settings, { folder, resume: true });
    expect(await resultsOf(folder)).toEqual(await resultsOf((await runHere(settings)).folder));
  });

  it.each(['test', 'export'] as const)(
    'that was broken off in its last phases, at %s, ends as if it had not been',
    async (phase) => {
      const settings = smallSettings(await smallData({ test: 'right' }));
      const whole = await runHere(settings);
      const folder = await newRunFolder();
      const broken = runHere(settings, {
        folder,
        onEvent: (event) => {
          if (event.type === 'phase' && event.phase === phase) throw new Error('broken off');
        },
      });
      await expect(broken).rejects.toThrow('broken off');
      const { result, winner } = runPaths(folder);
      // The result is there before the winner is exported and checked.
      expect([existsSync(result), existsSync(winner)]).toEqual([phase === 'export', false]);
      await writeFile(`${result}.1234567`, 'half');

      const resumed = await runHere(settings, { folder, resume: true });
      expect([resumed.outcome, told(resumed)]).toEqual(['finished', { ...told(whole), steps: [], epochs: [] }]);
      expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
      const [own, expected] = [await readResult(result), await readResult(runPaths(whole.folder).result)];
      expect([own?.last.epoch, (own?.seconds ?? 0) > 0]).toEqual([1, true]);
      expect({ ...own, seconds: 0, imagesPerSecond: 0 }).toEqual({ ...expected, seconds: 0, imagesPerSecond: 0 });
      expect(await readdir(folder)).not.toContain('result.json.1234567');
    },
  );

  it('goes on with an open trial of perturbed parameters', async () => {
    const parameterPerturbation = { when: { every: 2 }, window: 3 };
    const settings = smallSettings(await smallData(), { parameterPerturbation });
    const { folder, events } = await runHere(settings, { stopAfter: 2 });
    const plan = eventsOf(events, 'step')[1]?.parameterPerturbation;
    const { trial, tensors } = await readCheckpoint(runPaths(folder).last);
    expect(trial).toEqual({ ...plan, start: 1, ce: eventsOf(events, 'step')[1]?.ce });
    const names = [...tensors.keys()];
    const own = names.filter((name) => name.startsWith(`net${plan?.network}.`));
    expect(names.filter((name) => name.startsWith('trial.'))).toEqual(own.map((name) => `trial.${name}`));

    const resumed = await runHere(settings, { folder, resume: true });
    const [step] = eventsOf(resumed.events, 'step').filter(({ verdict }) => verdict);
    expect([step?.epoch, step?.step, step?.verdict?.network]).toEqual([1, 0, plan?.network]);
  });

  it('whose lineage is gone says so, and goes on', async () => {
    const settings = smallSettings(await smallData());
    const { folder } = await runHere(settings, { stopAfter: 4 });
    const { lineage } = runPaths(folder);
    await rm(lineage);
    const { outcome, events } = await runHere(settings, { folder, resume: true });
    expect(outcome).toBe('finished');
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      `${lineage} lacks 4 steps: it has a gap there`,
    ]);
    const known = (await readLineage(lineage)).steps.map((step) => step !== undefined);
    expect(known).toEqual([false, false, false, false, true, true]);
  });

  it('keeps the forms of computations that were chosen for it', async () => {
    vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const settings = smallSettings(await smallData(), { tune: true });
    const whole = await runHere(settings);
    const { folder } = await runHere(settings, { stopAfter: 2 });
    const { forms } = await readCheckpoint(runPaths(folder).last);
    expect((await readCheckpoint(runPaths(whole.folder).last)).forms).toEqual(forms);

    vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder());
    const { events } = await runHere(settings, { folder, resume: true });
    expect(eventsOf(events, 'phase').map(({ phase }) => phase)).not.toContain('tune');
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
  });
});

it('a process whose run has failed ends by itself', async () => {
  const folder = await newRunFolder();
  const child = spawnRun(folder, smallSettings(await smallData(), { device: 'cuda' }));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) lines.push(line);
  expect([await ended(child), lines.at(-1)]).toEqual([
    0,
    expect.stringMatching(/^AgonError device cuda:0: .*--device cpu$/),
  ]);
});

/** The exit code of a process, or the signal that ended it. */
async function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}

function spawnRun(folder: string, settings: Settings) {
  const script = fileURLToPath(new URL('./child-run.ts', import.meta.url));
  const args = ['--import', 'tsx', script, folder, JSON.stringify(settings)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}
