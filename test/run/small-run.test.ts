import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { evaluateModel } from '../../src/evaluate/evaluate-model.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, resultsOf, runHere, smallData, smallSettings } from './runs.js';

// The run of the quick tier: what the files beside this one hold of many.
it('a small run trains and exports its winner, and ends with the same numbers where it was stopped in between', async () => {
  const settings = smallSettings(await smallData({ test: 'right' }));
  const whole = await runHere(settings);
  const first = await runHere(settings, { stopAfter: 2 });
  const second = await runHere(settings, { folder: first.folder, resume: true });
  expect([whole, first, second].map(({ outcome }) => outcome)).toEqual(['finished', 'stopped', 'finished']);
  expect([whole, first, second].map(({ events }) => eventsOf(events, 'step').length)).toEqual([6, 2, 4]);
  expect(await resultsOf(second.folder)).toEqual(await resultsOf(whole.folder));
  expect((await readdir(second.folder)).sort()).toEqual((await readdir(whole.folder)).sort());

  const [end] = eventsOf(whole.events, 'end');
  const { images, evaluation } = await evaluateModel(runPaths(whole.folder).winner, {
    data: settings.data,
    split: 'test',
    device: 'cpu',
  });
  expect(images).toBe(24);
  const told = end?.best.test?.networks[end.winner.index];
  expect(told?.accuracy).toBeCloseTo(evaluation.accuracy, 6);
});
