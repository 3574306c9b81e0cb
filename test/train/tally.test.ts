import { describe, expect, it } from 'vitest';
import type { StepEvent } from '../../src/events/events.js';
import { Tally } from '../../src/train/tally.js';
import { stepEvent } from '../report/events.js';

const nobody = [
  [0, 0],
  [0, 0],
];

/** Four steps: who teaches changes in the second and the fourth. */
const STEPS: readonly StepEvent[] = [
  {
    ...stepEvent(0, 0, [1, 2]),
    waited: 0,
    kl: [0, 0.5],
    inputPerturbation: { network: 1, operation: 'noise', difference: 1 },
  },
  {
    ...stepEvent(0, 1, [4, 1]),
    kl: [0.25, 0],
    waited: 0.25,
    inputPerturbation: { network: 1, operation: 'noise', difference: -3 },
    parameterPerturbation: { network: 0, operation: 'mutation', mate: null },
    verdict: { network: 0, operation: 'mutation', kept: false, gain: -3 },
  },
  {
    ...stepEvent(0, 2, [3, 1]),
    waited: 0,
    kl: [0.5, 0],
    inputPerturbation: { network: 0, operation: 'mixup', difference: 2 },
    parameterPerturbation: { network: 1, operation: 'mutation', mate: null },
    verdict: { network: 1, operation: 'mutation', kept: true, gain: 2 },
  },
  {
    ...stepEvent(0, 3, [2, 2]),
    waited: 0,
    teachers: nobody,
    parameterPerturbation: { network: 1, operation: 'crossover', mate: 0 },
  },
];

const GROUP = {
  roleChanges: 2,
  margin: (1 + 3 + 2 + 0) / 4,
  perturbations: {
    input: [
      { operation: 'mixup', fired: 1, won: 0, difference: 2 },
      { operation: 'noise', fired: 2, won: 1, difference: -1 },
    ],
    parameters: [
      { operation: 'crossover', fired: 1, kept: 0, rolledBack: 0, diverged: 0, gain: null },
      { operation: 'mutation', fired: 2, kept: 1, rolledBack: 1, diverged: 0, gain: -0.5 },
    ],
  },
  seconds: 2,
  waited: 0.25,
};

describe('a tally', () => {
  it('has the means and sums of an epoch', () => {
    const tally = new Tally(2);
    for (const step of STEPS) tally.add(step);
    expect(tally.networkMeans()).toEqual([
      { loss: 10 / 4, accuracy: 0.5, won: 0.5, klMass: 0.75 },
      { loss: 6 / 4, accuracy: 0.6, won: 0.5, klMass: 0.5 },
    ]);
    expect(tally.groupMeans()).toEqual(GROUP);
  });

  it('has the mean gain of the trials that have one', () => {
    const tally = new Tally(2);
    const ended = { network: 0, operation: 'mutation', kept: false } as const;
    for (const [i, gain] of [-1, null, -3].entries())
      tally.add({ ...stepEvent(0, i, [1, 2]), verdict: { ...ended, gain } });
    expect(tally.groupMeans().perturbations.parameters).toEqual([
      { operation: 'mutation', fired: 0, kept: 0, rolledBack: 3, diverged: 1, gain: -2 },
    ]);
  });

  it('goes on from its sums anywhere', () => {
    for (const at of [1, 2, 3]) {
      const first = new Tally(2);
      for (const step of STEPS.slice(0, at)) first.add(step);
      const second = new Tally(2, first.sums);
      for (const step of STEPS.slice(at)) second.add(step);
      expect(second.groupMeans()).toEqual(GROUP);
    }
  });

  it('begins an epoch with who taught last', () => {
    const [first, second, third] = STEPS as [StepEvent, StepEvent, StepEvent];
    const tally = new Tally(2);
    tally.add(first);
    tally.nextEpoch();
    tally.add(second);
    expect(tally.groupMeans()).toMatchObject({ roleChanges: 1, margin: 3, seconds: 0.5, waited: 0.25 });
    tally.nextEpoch();
    tally.add(third);
    expect(tally.groupMeans()).toMatchObject({ roleChanges: 0, margin: 2, seconds: 0.5, waited: 0 });
  });
});
