import { existsSync, mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { assessRun } from '../../src/evaluate/assess-run.js';
import { readAssessment } from '../../src/store/assessment.js';
import { readResult } from '../../src/store/result.js';
import { runPaths } from '../../src/store/run-folder.js';
import { present } from '../../src/util/error.js';
import { eventsOf, newRunFolder, runHere, smallData, smallSettings } from './runs.js';

const read = async (folder: string) => present(await readAssessment(runPaths(folder).assessment), 'its assessment');

it('a finished run leaves what its best epoch came to on the validation split, and it can be made again', async () => {
  const settings = smallSettings(await smallData({ test: 'right' }));
  const { folder, events } = await runHere(settings, { report: true });
  const [assessment, result] = [await read(folder), await readResult(runPaths(folder).result)];
  expect(assessment).toMatchObject({
    split: 'validation',
    images: 16,
    epoch: result?.best.epoch,
    winner: result?.winner,
  });
  const { networks = [], ensemble } = result?.best.validation ?? {};
  expect(assessment.subjects.map(({ label, evaluation }) => [label, evaluation])).toEqual([
    ['resnet-cifar #0', networks[0]],
    ['resnet-cifar #1', networks[1]],
    ['ensemble', ensemble],
  ]);
  for (const { confusion, calibration, evaluation } of assessment.subjects) {
    const right = confusion.reduce((sum, [own, said, count]) => sum + (own === said ? count : 0), 0);
    expect(right / 16).toBe(evaluation.accuracy);
    expect(calibration.ece).toBeCloseTo(evaluation.ece ?? Number.NaN, 6);
    expect(calibration.scaled.loss).toBeLessThanOrEqual(evaluation.loss + 1e-6);
  }
  for (const { name, answers } of assessment.pictures) {
    expect(name).toMatch(/^train #\d+$/);
    expect(answers.map(({ map }) => map !== undefined)).toEqual([true, true, false]);
  }
  expect(eventsOf(events, 'phase').map(({ phase }) => phase)).toEqual(expect.arrayContaining(['assessment', 'export']));

  expect(await assessRun(folder, { checkpoint: 'best' })).toEqual(assessment);
  const test = await assessRun(folder, { checkpoint: 'last', split: 'test' });
  expect(test).toMatchObject({ split: 'test', images: 24, epoch: 1 });
  expect(test.subjects[0]?.evaluation.accuracy).toBe(result?.last.test?.networks[0]?.accuracy);
  expect(test.pictures.every(({ name }) => /^test #\d+$/.test(name))).toBe(true);
  const warnings: string[] = [];
  const all = await assessRun(folder, {
    checkpoint: 'best',
    data: settings.data,
    onWarning: (told) => warnings.push(told),
  });
  expect(all).toMatchObject({ split: 'all', images: 88 });
  expect(warnings[0]).toContain('these are the images that it was trained on');
}, 180_000);

it('a run without validation images is assessed on the test split; without any not at all', async () => {
  const settings = { validation: 0, epochs: 1 };
  const tested = await runHere(smallSettings(await smallData({ test: 'wrong' }), settings), { report: true });
  const assessment = await read(tested.folder);
  expect(assessment).toMatchObject({ split: 'test', images: 24 });
  expect(await assessRun(tested.folder, { checkpoint: 'best' })).toEqual(assessment);
  const alone = await runHere(smallSettings(await smallData(), settings), { report: true });
  expect([alone.outcome, existsSync(runPaths(alone.folder).assessment)]).toEqual(['finished', false]);
});

it('a run whose assessment fails is finished all the same, with a warning', async () => {
  const settings = smallSettings(await smallData(), { epochs: 1 });
  const folder = await newRunFolder();
  const { outcome, events } = await runHere(settings, {
    folder,
    report: true,
    onEvent: (event) => {
      // A folder is in its way
      if (event.type === 'phase' && event.phase === 'assessment') mkdirSync(runPaths(folder).assessment);
    },
  });
  expect([outcome, existsSync(runPaths(folder).winner)]).toEqual(['finished', true]);
  const warnings = eventsOf(events, 'warning').map(({ message }) => message);
  expect(warnings).toEqual([expect.stringContaining('the run is finished, but its assessment failed: ')]);
});
