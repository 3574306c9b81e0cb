import { describe, expect, it } from 'vitest';
import type { EpochEvent } from '../../src/events/events.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { eventsOf, RESNET, resultsOf, runHere, smallData, smallSettings, WIDER, withoutTimesOf } from './runs.js';

/** Uneven classes, rates that go by the losses, and a rate at which not every epoch is a better one. */
const OVERRIDES: SettingsInput = {
  nets: [RESNET, WIDER],
  epochs: 7,
  limit: 45,
  sampler: 'balanced',
  classWeights: [1, 2, 0.5, 1],
  schedule: { name: 'plateau', factor: 0.5, patience: 0 },
  parameterPerturbation: { when: { every: 4 }, window: 3 },
};

/** The epoch, from 0, after which a run with some patience ends, and the best one until then. */
function endOf(epochs: readonly EpochEvent[], patience: number): { readonly last: number; readonly best: number } {
  let [best, highest, lowest] = [0, -1, Number.POSITIVE_INFINITY];
  for (const { epoch, networks } of epochs) {
    for (const { validation } of networks) {
      const { accuracy = -1, loss = 0 } = validation ?? {};
      if (accuracy < highest || (accuracy === highest && loss >= lowest)) continue;
      [best, highest, lowest] = [epoch, accuracy, loss];
    }
    if (epoch - best >= patience) return { last: epoch, best };
  }
  return { last: epochs.length - 1, best };
}

describe('early stopping', () => {
  it('ends a run with its best epoch; more patience goes on to the same end as a run that never stopped', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), OVERRIDES);
    const whole = await runHere(settings);
    const all = eventsOf(whole.events, 'epoch');
    const { last, best } = endOf(all, 1);
    expect(last).toBeLessThan(5);

    const patient = { ...settings, patience: 1 };
    const interrupted = await runHere(patient, { stopAfter: 3 * last + 1 });
    const ended = await runHere(patient, { folder: interrupted.folder, resume: true });
    const [end] = eventsOf(ended.events, 'end');
    expect([ended.outcome, end?.endedEarly]).toEqual(['finished', { epochs: last + 1, of: 7, patience: 1 }]);
    expect([end?.best.epoch, end?.last.epoch]).toEqual([best, last]);
    const { folder } = ended;
    expect(await readResult(runPaths(folder).result)).toMatchObject({ best: { epoch: best }, last: { epoch: last } });
    const { epochs } = await readCheckpoint(runPaths(folder).last);
    const expected = all.slice(0, last + 1).map((event) => withoutTimesOf({ ...event }));
    expect(epochs?.map(withoutTimesOf)).toEqual(expected);
    const measured = end?.last.validation?.networks;
    expect(measured).toEqual(all[last]?.networks.map(({ validation }) => validation));

    // As it is, it is finished again; with more patience it goes on
    const again = await runHere(patient, { folder, resume: true });
    expect(eventsOf(again.events, 'step')).toEqual([]);
    expect(eventsOf(again.events, 'warning').map(({ message }) => message)).toContainEqual(
      `no network validated better in the last 1 epochs, so the run has ended after epoch ${last + 1}: its results are made anew (a larger --patience, or 0, trains on)`,
    );
    await runHere({ ...patient, patience: 0 }, { folder, resume: true });
    expect((await readRunSettings(folder)).patience).toBe(0);
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
  });

  it('lowers the rate where the loss stands still, and keeps that with the checkpoint', async () => {
    const settings = smallSettings(await smallData(), {
      ...OVERRIDES,
      parameterPerturbation: null,
      epochs: 4,
      validation: 0,
      schedule: { name: 'plateau', factor: 0.5, patience: 0, threshold: 0.9 },
    });
    const { folder, events } = await runHere(settings);
    // No loss falls below a tenth of the lowest: the first epoch sets that, and each other one halves the rate
    expect(eventsOf(events, 'epoch').map(({ lr }) => lr)).toEqual([0.05, 0.05, 0.025, 0.0125]);
    const losses = eventsOf(events, 'epoch').map(
      ({ networks }) => networks.reduce((sum, { loss }) => sum + loss, 0) / 2,
    );
    const { plateau } = await readCheckpoint(runPaths(folder).last);
    expect(plateau).toEqual({ rate: 0.00625, lowest: losses[0], waited: 0 });
  });
});
