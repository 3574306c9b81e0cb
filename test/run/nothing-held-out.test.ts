import { describe, expect, it } from 'vitest';
import { lowest } from '../../src/distill/trial.js';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { exportRun } from '../../src/export/export-run.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, type Ran, RESNET, resultsOf, runHere, smallData, smallSettings, WIDER } from './runs.js';

const messages = ({ events }: Ran) => eventsOf(events, 'warning').map(({ message }) => message);

describe('a run that holds nothing out', () => {
  it('trains on the whole split; the last epoch is its result, and training losses choose the winner', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), { nets: [RESNET, WIDER], validation: 0 });
    const run = await runHere(settings);
    expect(messages(run)).toEqual([]);
    expect(eventsOf(run.events, 'start')[0]?.data.splits).toEqual([
      { name: 'train', images: 64 },
      { name: 'test', images: 24 },
    ]);
    expect(eventsOf(run.events, 'step')).toHaveLength(8);
    expect(eventsOf(run.events, 'phase').map(({ phase }) => phase)).not.toContain('validation');
    const epochs = eventsOf(run.events, 'epoch');
    for (const { best, networks } of epochs) {
      expect(best).toBe(false);
      for (const network of networks) expect(network).not.toHaveProperty('validation');
    }

    const winner = lowest(epochs[1]?.networks.map(({ loss }) => loss) ?? []);
    const [end] = eventsOf(run.events, 'end');
    expect([end?.winner.index, end?.best.epoch, end?.best]).toEqual([winner, 1, end?.last]);
    expect(end?.best).not.toHaveProperty('validation');
    expect(end?.best.test?.networks).toHaveLength(2);
    const { best, last, result, winner: model } = runPaths(run.folder);
    expect((await readCheckpoint(best)).best).toEqual({ epoch: 1, network: winner });
    expect((await readCheckpoint(best)).tensors).toEqual((await readCheckpoint(last)).tensors);
    expect(await readResult(result)).toMatchObject({ winner, best: end?.best, last: end?.last });

    expect(await exportRun(run.folder, { checkpoint: 'best' })).toMatchObject({ path: model, networks: [end?.winner] });
    const test = await evaluateRun(run.folder, { checkpoint: 'best' });
    expect(test.winner).toBe(winner);
    expect(test.ensemble).toEqual(end?.best.test?.ensemble);
    expect((await evaluateRun(run.folder, { checkpoint: 'best', split: 'train' })).images).toBe(64);
    await expect(evaluateRun(run.folder, { checkpoint: 'best', split: 'validation' })).rejects.toThrow(
      `${settings.data}: there is no validation split. The run held nothing out (--validation 0): use --split train,`,
    );
  });

  it("doesn't look at the test split to choose", async () => {
    const overrides = { nets: [RESNET, WIDER], validation: 0 };
    const runs = [
      await runHere(smallSettings(await smallData({ test: 'right' }), overrides)),
      await runHere(smallSettings(await smallData({ test: 'wrong' }), overrides)),
    ];
    const [right, wrong] = runs.map(({ events }) => eventsOf(events, 'end')[0]);
    expect(right?.best.test).not.toEqual(wrong?.best.test);
    expect(right?.winner).toEqual(wrong?.winner);
  });

  it('and has no test split measures nothing, and says so', async () => {
    const run = await runHere(smallSettings(await smallData(), { validation: 0, epochs: 1 }));
    expect(messages(run)).toEqual([expect.stringContaining('nothing is held out (validation 0) and there is no test')]);
    const [end] = eventsOf(run.events, 'end');
    expect(end?.best).toEqual({ epoch: 0 });
    await expect(evaluateRun(run.folder, { checkpoint: 'best' })).rejects.toThrow('there is no validation split');
  });

  it('goes on after a stop as if it had not been stopped', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), { validation: 0 });
    const whole = await runHere(settings);
    // Four steps are an epoch
    const { folder } = await runHere(settings, { stopAfter: 4 });
    await runHere(settings, { folder, resume: true });
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
  });
});
