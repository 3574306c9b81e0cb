import { expect, it } from 'vitest';
import { wrongLines } from '../events/log-lines.js';
import { runHere, smallData, smallSettings } from './runs.js';

it('every event of a real run is as the schema of the log says, perturbations too', async () => {
  const settings = smallSettings(await smallData({ test: 'right' }), {
    inputPerturbation: { pool: 'paper', when: { every: 2 } },
    parameterPerturbation: { when: { every: 2 }, window: 2 },
  });
  const stopped = await runHere(settings, { stopAfter: 3 });
  const { events } = await runHere(settings, { folder: stopped.folder, resume: true });
  const all = [...stopped.events, ...events].filter(({ type }) => type !== 'phase');
  expect(new Set(all.map(({ type }) => type))).toEqual(new Set(['start', 'step', 'epoch', 'stop', 'end']));
  const logged = all.map((event) => {
    if (event.type !== 'start') return event;
    const { finishedEpochs: _, ...rest } = event;
    return rest;
  });
  expect(wrongLines(logged)).toEqual([]);
});
