import { describe, expect, it } from 'vitest';
import type { SettingsInput } from '../../src/settings/settings.js';
import {
  eventsOf,
  MOBILENET,
  type Ran,
  RESNET,
  resultsOf,
  runHere,
  smallData,
  smallSettings,
  WIDER,
  withoutTimesOf,
} from './runs.js';

/** What a run does, and how its steps are computed and told: there are three in an epoch. */
const KINDS: readonly (readonly [string, SettingsInput, SettingsInput])[] = [
  [
    'Dropout and mixup, with its steps told by two',
    { nets: [MOBILENET, RESNET], optimizer: { name: 'adamw', lr: 0.01 }, mixup: 0.4 },
    { logEvery: 2 },
  ],
  ['accumulated gradients, with two steps in one run', { accumulate: 2, ema: 0.9 }, { stepsPerRun: 2 }],
  [
    'perturbed inputs and parameters, with two steps in one run and told by whole epochs',
    {
      nets: [RESNET, RESNET, WIDER],
      epochs: 3,
      inputPerturbation: { pool: 'release', when: { every: 2 } },
      // A trial over steps 5 and 6: those before and after it are in bursts
      parameterPerturbation: { when: { every: 6 }, window: 2, sigma: 0.5 },
    },
    { stepsPerRun: 2, logEvery: 3 },
  ],
];

/** What a run came to, but for its settings: the model that it exports has them in its metadata. */
async function resultOf({ folder, events }: Pick<Ran, 'folder' | 'events'>) {
  const { last, best, lineage } = await resultsOf(folder);
  const told = (['step', 'epoch'] as const).flatMap((type) =>
    eventsOf(events, type).map((event) => withoutTimesOf({ ...event })),
  );
  return { told, lineage, checkpoints: [last, best].map(({ settings, ...rest }) => rest) };
}

describe('a run is the same, whole or stopped in between,', () => {
  it.each(KINDS)('%s', async (_, overrides, computed) => {
    const data = await smallData();
    const plain = await runHere(smallSettings(data, overrides));
    const settings = smallSettings(data, { ...overrides, ...computed });
    const whole = await runHere(settings);
    const expected = await resultOf(plain);
    expect(await resultOf(whole)).toEqual(expected);

    const first = await runHere(settings, { stopAfter: 4 });
    expect(first.outcome).toBe('stopped');
    const second = await runHere(settings, { folder: first.folder, resume: true });
    expect(await resultOf({ folder: first.folder, events: [...first.events, ...second.events] })).toEqual(expected);
  });
});

describe('steps in bursts', () => {
  it('are told when the last of them is done, or the epoch', async () => {
    const settings = smallSettings(await smallData(), { logEvery: 2, epochs: 1 });
    const at: number[] = [];
    await runHere(settings, { onEvent: (event) => event.type === 'step' && at.push(event.seconds) });
    // The first two took the same time: that of their burst, in equal parts
    expect(at).toHaveLength(3);
    expect(at[0]).toBe(at[1]);
    expect(at.every((seconds) => seconds > 0)).toBe(true);
  });

  it('go on with a stop after those that are done', async () => {
    const settings = smallSettings(await smallData(), { stepsPerRun: 3, epochs: 1 });
    let asked = 0;
    // The second batch is the last that is begun
    const run = await runHere(settings, { stopWhen: () => ++asked > 2 });
    expect(eventsOf(run.events, 'step')).toHaveLength(2);
    expect(eventsOf(run.events, 'stop')).toMatchObject([{ epoch: 0, step: 2 }]);
  });

  it('of which one has a loss that is not finite end the run at that one', async () => {
    const settings = smallSettings(await smallData(), {
      stepsPerRun: 3,
      epochs: 1,
      optimizer: { name: 'sgd', lr: 1e30 },
    });
    const told: number[] = [];
    const run = runHere(settings, { onEvent: (event) => event.type === 'step' && told.push(event.step) });
    await expect(run).rejects.toThrow(/its loss is (NaN|Infinity) in step 2 of epoch 1/);
    expect(told).toEqual([0]);
  });
});
