import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { StepEvent } from '../../src/events/events.js';
import { lineageCsv } from '../../src/lineage/lineage-csv.js';
import { type Lineage, readLineage } from '../../src/lineage/lineage-file.js';
import { summariseLineage } from '../../src/lineage/lineage-summary.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, type Ran, RESNET, runHere, smallData, smallSettings, WIDER } from '../run/runs.js';

/** Everything that a lineage can tell of: three epochs of three steps. */
const EVERYTHING: SettingsInput = {
  nets: [RESNET, RESNET, WIDER],
  epochs: 3,
  rule: 'all-better',
  inputPerturbation: { pool: 'paper', when: { probability: 0.7 } },
  parameterPerturbation: { when: { every: 2 }, window: 2, sigma: 0.3 },
};

const lineageFile = ({ folder }: Ran) => readFile(runPaths(folder).lineage);

/** The KL divergences as float32 has them, and so on. */
function expectSame(lineage: Lineage, steps: readonly StepEvent[]): void {
  expect(lineage.steps).toHaveLength(steps.length);
  for (const [count, { ce, kl, teachers, ...event }] of steps.entries()) {
    const sorted = [...ce].sort((a, b) => a - b);
    expect(lineage.steps[count]).toEqual({
      teachers: teachers.map((row) => row.map((weight) => weight > 0)),
      winner: ce.indexOf(sorted[0] as number),
      margin: expect.closeTo((sorted[1] as number) - (sorted[0] as number), 6),
      kl: kl.map((value) => expect.closeTo(value, 6)),
      ...(event.inputPerturbation && {
        inputPerturbation: {
          ...event.inputPerturbation,
          difference: expect.closeTo(event.inputPerturbation.difference, 6),
        },
      }),
      ...(event.parameterPerturbation && { parameterPerturbation: event.parameterPerturbation }),
      ...(event.verdict && {
        verdict: { ...event.verdict, gain: event.verdict.gain && expect.closeTo(event.verdict.gain, 6) },
      }),
    });
  }
}

describe('the lineage of a run', () => {
  it('tells of each step what its event tells', async () => {
    const ran = await runHere(smallSettings(await smallData(), EVERYTHING));
    const steps = eventsOf(ran.events, 'step');
    const lineage = await readLineage(runPaths(ran.folder).lineage);
    expect(lineage).toMatchObject({ networks: ['resnet-cifar', 'resnet-cifar', 'resnet-cifar'], stepsPerEpoch: 3 });
    expectSame(lineage, steps);
    expect(steps.filter(({ inputPerturbation }) => inputPerturbation).length).toBeGreaterThan(2);
    for (const { ce, inputPerturbation } of steps) {
      if (!inputPerturbation) continue;
      const { network, difference } = inputPerturbation;
      expect(difference).toBe((ce[network] as number) - Math.min(...ce.filter((_, i) => i !== network)));
    }
  });

  it('adds up to what the events of its epochs say', async () => {
    const ran = await runHere(smallSettings(await smallData(), EVERYTHING));
    const epochs = eventsOf(ran.events, 'epoch');
    const summary = summariseLineage(await readLineage(runPaths(ran.folder).lineage));
    for (const [epoch, { networks, perturbations, ...event }] of epochs.entries()) {
      const { input, parameters } = perturbations;
      expect(summary.epochs[epoch]).toEqual({
        epoch,
        steps: 3,
        won: networks.map(({ won }) => won),
        klMass: networks.map(({ klMass }) => expect.closeTo(klMass, 5)),
        roleChanges: event.roleChanges,
        margin: expect.closeTo(event.margin, 6),
        perturbations: {
          input: input.map((each) => ({ ...each, difference: expect.closeTo(each.difference, 6) })),
          parameters: parameters.map((each) => ({ ...each, gain: each.gain && expect.closeTo(each.gain, 6) })),
        },
      });
    }
    expect(summary.total.steps).toBe(9);
    expect(summary.total.roleChanges).toBe(epochs.reduce((sum, { roleChanges }) => sum + roleChanges, 0));
    expect(epochs.flatMap(({ perturbations }) => perturbations.parameters)).not.toEqual([]);
  });

  it('is the same to the byte for the same seed and data, and another for another seed', async () => {
    const settings = smallSettings(await smallData(), EVERYTHING);
    const [one, same] = [await runHere(settings), await runHere({ ...settings, workers: 2 })];
    expect(await lineageFile(same)).toEqual(await lineageFile(one));
    expect(await lineageFile(await runHere({ ...settings, seed: 1 }))).not.toEqual(await lineageFile(one));
  });
});

const ahead = (winner: number) => ({
  teachers: [0, 1].map((i) => [0, 1].map((j) => j === winner && i !== j)),
  winner,
  margin: 0.5,
  kl: winner === 0 ? [0, 2] : [1, 0],
});

const WITH_GAP: Lineage = {
  networks: ['a', 'b'],
  stepsPerEpoch: 3,
  operations: ['mixup'],
  steps: [
    ahead(0),
    { ...ahead(1), inputPerturbation: { network: 1, operation: 'mixup', difference: -0.5 } },
    { ...ahead(1), parameterPerturbation: { network: 0, operation: 'crossover', mate: 1 } },
    undefined,
    { ...ahead(0), verdict: { network: 0, operation: 'crossover', kept: true, gain: 0.25 } },
  ],
};

describe('a lineage with a gap', () => {
  it('is added up without it', () => {
    const { epochs, total } = summariseLineage(WITH_GAP);
    expect(
      epochs.map(({ steps, won, klMass, roleChanges, margin }) => [steps, won, klMass, roleChanges, margin]),
    ).toEqual([
      [3, [1 / 3, 2 / 3], [2, 2], 1, 0.5],
      [1, [1, 0], [0, 2], 0, 0.5],
    ]);
    expect(total).toEqual({
      steps: 4,
      won: [0.5, 0.5],
      klMass: [2, 4],
      roleChanges: 1,
      margin: 0.5,
      perturbations: {
        input: [{ operation: 'mixup', fired: 1, won: 1, difference: -0.5 }],
        parameters: [{ operation: 'crossover', fired: 1, kept: 1, rolledBack: 0, diverged: 0, gain: 0.25 }],
      },
    });
  });

  it('is written as CSV without it', () => {
    expect(lineageCsv(WITH_GAP)).toEqual([
      'epoch,step,winner,margin,teaches,kl_0,kl_1,input_network,input_operation,input_difference,' +
        'parameters_network,parameters_operation,parameters_mate,verdict_network,verdict_operation,verdict_kept,verdict_gain',
      '0,0,0,0.5,0>1,0,2,,,,,,,,,,',
      '0,1,1,0.5,1>0,1,0,1,mixup,-0.5,,,,,,,',
      '0,2,1,0.5,1>0,1,0,,,,0,crossover,1,,,,',
      '1,1,0,0.5,0>1,0,2,,,,,,,0,crossover,true,0.25',
    ]);
  });
});
