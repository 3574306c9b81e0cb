import { describe, expect, it } from 'vitest';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { eventsOf, MOBILENET, RESNET, resultsOf, runHere, smallData, smallSettings, WIDER } from './runs.js';

const PLACE = { '0': 'cpu', '1': 'cpu' };

/** What two runs must have in common whose settings say otherwise how they are computed. */
async function trainedIn(folder: string) {
  const { lineage, last, best } = await resultsOf(folder);
  const withoutSettings = ({ settings, ...rest }: typeof last) => rest;
  return { lineage, last: withoutSettings(last), best: withoutSettings(best) };
}

describe('a run whose networks have places of their own', () => {
  it.each<[string, SettingsInput]>([
    ['two alike, learning from features too', { rule: 'all-better', beta: 0.5 }],
    [
      'three unlike, AdamW, Dropout, mixup, moving averages',
      {
        nets: [MOBILENET, RESNET, WIDER],
        optimizer: { name: 'adamw', lr: 0.01 },
        ...{ mixup: 0.4, ema: 0.9, accumulate: 2, clipNorm: 1 },
      },
    ],
    [
      'perturbed inputs and parameters',
      {
        nets: [RESNET, RESNET, WIDER],
        inputPerturbation: { pool: 'release', when: { every: 2 } },
        parameterPerturbation: { when: { every: 2 }, window: 3, sigma: 0.5 },
      },
    ],
    ['heads on features, then all layers', { unfreezeAt: 1, views: 2, featureCache: 'memory' }],
  ])('is the run in one graph, to the bit, also where it was stopped: %s', async (_, overrides) => {
    const settings = smallSettings(await smallData(), overrides);
    const placed = { ...settings, place: PLACE };
    const one = await runHere(settings);
    const whole = await runHere(placed);
    const parts = await runHere(placed, { stopAfter: 2 });
    expect((await runHere(placed, { folder: parts.folder, resume: true })).outcome).toBe('finished');
    expect(await resultsOf(parts.folder)).toEqual(await resultsOf(whole.folder));
    expect(await trainedIn(whole.folder)).toEqual(await trainedIn(one.folder));
  });

  it('learns from a frozen teacher', async () => {
    const data = await smallData();
    const teacher = await runHere(smallSettings(data, { epochs: 1, seed: 4 }));
    const settings = smallSettings(data, { teacher: { model: teacher.folder } });
    const [one, placed] = [await runHere(settings), await runHere({ ...settings, place: PLACE })];
    expect(await trainedIn(placed.folder)).toEqual(await trainedIn(one.folder));
  });

  it('keeps its places, and may go on with others or in one graph', async () => {
    const settings = smallSettings(await smallData(), { place: { '1': 'cpu' } });
    const whole = await runHere(settings);
    const { folder } = await runHere(settings, { stopAfter: 2 });
    expect((await readRunSettings(folder)).place).toEqual({ '1': 'cpu' });
    await runHere({ ...settings, place: PLACE }, { folder, resume: true, stopAfter: 1 });
    expect((await readRunSettings(folder)).place).toEqual(PLACE);
    await runHere({ ...settings, place: null }, { folder, resume: true });
    expect((await readCheckpoint(runPaths(folder).last)).settings.place).toBeNull();
    expect(await trainedIn(folder)).toEqual(await trainedIn(whole.folder));
  });

  it('says where its networks are, and nothing of memory that it does not know', async () => {
    const { events } = await runHere(smallSettings(await smallData(), { place: { '1': 'cpu' }, epochs: 1 }));
    const [start] = eventsOf(events, 'start');
    expect(start?.settings.place).toEqual({ '1': 'cpu' });
    expect(start?.memory).toBeUndefined();
  });

  it('on a device that is not there is an error that names it', async () => {
    const settings = smallSettings(await smallData(), { place: { '1': 'cuda:9' } });
    await expect(runHere(settings)).rejects.toThrow(/^device cuda:9: can't be used: /);
  });
});
