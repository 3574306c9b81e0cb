import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { learningRateAt } from '../../src/optim/schedule.js';
import { withoutFolders } from '../../src/settings/setting-paths.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { absolutePaths } from '../../src/store/absolute-paths.js';
import { readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { eventsOf, newRunFolder, resultsOf, runHere, smallData, smallSettings, temporaryFolder } from './runs.js';

/** The messages of a run's warnings. */
const warningsOf = ({ events }: Pick<Awaited<ReturnType<typeof runHere>>, 'events'>) =>
  eventsOf(events, 'warning').map(({ message }) => message);

describe('a run goes on', () => {
  it('with data that were moved, other threads and workers and without tuning, to the same end', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), { tune: true });
    const whole = await runHere({ ...settings, tune: false });
    const { folder } = await runHere({ ...settings, tune: false }, { stopAfter: 2 });
    const moved = join(await temporaryFolder(), 'moved');
    await rename(settings.data, moved);
    const next = { ...settings, data: moved, workers: 2, tune: false };
    expect((await runHere(next, { folder, resume: true })).outcome).toBe('finished');
    const [own, expected] = [await resultsOf(folder), await resultsOf(whole.folder)];
    expect(own.last.tensors).toEqual(expected.last.tensors);
    expect(own.lineage).toEqual(expected.lineage);
    // What it goes on with from now on
    expect(await readRunSettings(folder)).toEqual(next);
    expect((await evaluateRun(folder, { checkpoint: 'best' })).images).toBe(24);
  });

  it('on its own device after another one was not there', async () => {
    const settings = smallSettings(await smallData());
    const whole = await runHere(settings);
    const { folder } = await runHere(settings, { stopAfter: 2 });
    const onAnother = runHere({ ...settings, device: 'cuda:9' }, { folder, resume: true });
    await expect(onAnother).rejects.toThrow(/^device cuda:9: can't be used: .* agon train --resume .* --device cpu$/);
    expect(await readRunSettings(folder)).toEqual(settings);
    await runHere(settings, { folder, resume: true });
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
  });

  it.each<[string, SettingsInput, RegExp]>([
    ['cosine', { schedule: { name: 'cosine' } }, /stretched over them, so the learning rate goes on at [\d.]+ instead/],
    ['linear', { schedule: { name: 'linear' } }, /schedule linear is stretched over them/],
    ['one-cycle', { schedule: { name: 'one-cycle' } }, /schedule one-cycle is stretched over them/],
    ['multi-step', { schedule: { name: 'multi-step', milestones: [1, 3] } }, /schedule multi-step goes on as before$/],
    ['constant', { schedule: { name: 'constant' } }, /schedule constant goes on as before$/],
  ])('over more epochs, with the rates that they have under %s, and says so', async (_, overrides, note) => {
    const settings = smallSettings(await smallData(), overrides);
    const { folder } = await runHere(settings);
    const longer = { ...settings, epochs: 4 };
    const grown = await runHere(longer, { folder, resume: true });
    const [message, ...others] = warningsOf(grown);
    expect(message).toMatch(/^epochs grow from 2 to 4: /);
    expect(message).toMatch(note);
    expect(others).toEqual([]);
    const rates = { base: 0.05, schedule: settings.schedule, warmupEpochs: 0, epochs: 4, stepsPerEpoch: 3 };
    const steps = eventsOf(grown.events, 'step');
    expect(steps.map(({ lr }) => lr)).toEqual([6, 7, 8, 9, 10, 11].map((step) => learningRateAt(step, rates)));
    expect((await readResult(runPaths(folder).result))?.settings.epochs).toBe(4);
    expect((await readCheckpoint(runPaths(folder).last)).position).toEqual({ epoch: 4, step: 0 });
  });

  it('over more epochs as one that had as many from its start, where the schedule goes by epochs', async () => {
    const settings = smallSettings(await smallData(), { schedule: { name: 'multi-step', milestones: [1, 3] } });
    const whole = await runHere({ ...settings, epochs: 4 });
    const { folder } = await runHere(settings, { stopAfter: 4 });
    await runHere({ ...settings, epochs: 4 }, { folder, resume: true, stopAfter: 1 });
    // And again, without saying it: it is the run's own by now
    const own = await readRunSettings(folder);
    expect(own.epochs).toBe(4);
    const last = await runHere(own, { folder, resume: true });
    expect(warningsOf(last)).toEqual([]);
    const tensors = async (run: string) => (await readCheckpoint(runPaths(run).last)).tensors;
    expect(await tensors(folder)).toEqual(await tensors(whole.folder));
  });

  it('where an older version began it, which knew only the names of its images', async () => {
    const settings = smallSettings(await smallData());
    const whole = await runHere(settings);
    const { folder } = await runHere(settings, { stopAfter: 2 });
    const { last, data } = runPaths(folder);
    const { dataFingerprint, ...rest } = await readCheckpoint(last);
    await writeCheckpoint(last, { ...rest, dataFingerprint: dataFingerprint.slice(0, 16) });
    await rename(data, `${folder}.gone`);
    await runHere(settings, { folder, resume: true });
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
    expect(await readFile(data)).toEqual(await readFile(`${folder}.gone`));
  });

  it('with its frozen teacher, wherever that is now, but with no other', async () => {
    const data = await smallData();
    const big = await runHere(smallSettings(data, { epochs: 1 }));
    const other = await runHere(smallSettings(data, { epochs: 1, seed: 9 }));
    const settings = smallSettings(data, { teacher: { model: big.folder } });
    const { folder } = await runHere(settings, { stopAfter: 2 });
    const moved = join(await temporaryFolder(), 'moved');
    await rename(big.folder, moved);
    const resume = (model: string, path = folder) =>
      runHere({ ...settings, teacher: { ...teacherOf(settings), model } }, { folder: path, resume: true });
    await expect(resume(other.folder)).rejects.toThrow(
      `${other.folder}: the frozen teacher has changed since the run began. Restore it, or start a new run`,
    );
    const older = await newRunFolder();
    await cp(folder, older, { recursive: true });
    await writeFile(runPaths(older).data, '{}');
    await expect(resume(moved, older)).rejects.toThrow(
      'this run has no record of what its frozen teacher was: expected',
    );
    expect((await resume(moved)).outcome).toBe('finished');
    expect((await readRunSettings(folder)).teacher?.model).toBe(moved);
  });
});

function teacherOf({ teacher }: ReturnType<typeof smallSettings>) {
  if (!teacher) throw new Error('expected a teacher');
  return teacher;
}

describe('the paths of a run', () => {
  it('are stored absolute, and hold from another working directory', async () => {
    const data = await smallData();
    const settings = smallSettings(relative(process.cwd(), data));
    const { folder } = await runHere(settings, { stopAfter: 1 });
    const stored = await readRunSettings(folder);
    expect([stored.data, (await readCheckpoint(runPaths(folder).last)).settings.data]).toEqual([data, data]);
    const elsewhere = join(await temporaryFolder(), 'deep', 'down');
    await mkdir(elsewhere, { recursive: true });
    const before = process.cwd();
    process.chdir(elsewhere);
    try {
      expect((await runHere(stored, { folder, resume: true })).outcome).toBe('finished');
    } finally {
      process.chdir(before);
    }
  });

  it('of data, artifacts, weights, teachers and other runs become absolute, or names; the built-in set has none', () => {
    const given = {
      data: 'a/photos',
      unlabelled: 'a/others',
      artifacts: 'a/group',
      from: 'a/run',
      pretrained: ['a/w.pth', 'b/w.pth'],
      teacher: { model: 'a/big.onnx', weight: 2 },
    };
    const at = (path: string) => join(process.cwd(), path);
    expect(absolutePaths(given)).toEqual({
      data: at('a/photos'),
      unlabelled: at('a/others'),
      artifacts: at('a/group'),
      from: at('a/run'),
      pretrained: [at('a/w.pth'), at('b/w.pth')],
      teacher: { model: at('a/big.onnx'), weight: 2 },
    });
    expect(absolutePaths(absolutePaths(given))).toEqual(absolutePaths(given));
    const names = {
      data: 'photos',
      unlabelled: 'others',
      artifacts: 'group',
      from: 'run',
      pretrained: ['w.pth', 'w.pth'],
      teacher: { model: 'big.onnx', weight: 2 },
    };
    expect(withoutFolders(absolutePaths(given))).toEqual(names);
    expect(absolutePaths(parseSettings({}))).toEqual(parseSettings({}));
    expect(absolutePaths({ epochs: 3, teacher: null })).toEqual({ epochs: 3, teacher: null });
  });

  it('tell nothing of the machine in an exported model', async () => {
    const settings = smallSettings(await smallData(), { epochs: 1 });
    const { folder } = await runHere(settings);
    const model = await readFile(runPaths(folder).winner);
    expect([basename(settings.data), settings.data].map((text) => model.includes(text))).toEqual([true, false]);
  });
});
