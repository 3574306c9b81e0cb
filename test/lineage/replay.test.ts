import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readLineage } from '../../src/lineage/lineage-file.js';
import { compareLineages } from '../../src/lineage/lineage-replay.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { runPaths } from '../../src/store/run-folder.js';
import { present } from '../../src/util/error.js';
import { eventsOf, MOBILENET, RESNET, resultsOf, runHere, smallData, smallSettings } from '../run/runs.js';

/** Perturbed inputs in every step, trials of perturbed parameters, changed and mixed images, and Dropout: all that is random in a run. */
const OVERRIDES: SettingsInput = {
  nets: [RESNET, MOBILENET, RESNET],
  epochs: 3,
  augmentation: { padCrop: 1, flip: true },
  ...{ randAugment: [1, 9], colorJitter: [0.1, 0.1, 0.1, 0.1], randomErasing: 0.3, mixup: 0.4, cutmix: 1 },
  inputPerturbation: { pool: 'paper' },
  parameterPerturbation: { when: { probability: 0.5 }, window: 2, sigma: 0.3 },
};

describe('two runs', () => {
  it('of one seed on the same data have the same teachers in every step, the same perturbations and verdicts, and the same weights', async () => {
    const data = await smallData();
    const first = await runHere(smallSettings(data, OVERRIDES));
    const again = await runHere(smallSettings(data, { ...OVERRIDES, workers: 2 }));
    const [one, two] = [
      await readLineage(runPaths(first.folder).lineage),
      await readLineage(runPaths(again.folder).lineage),
    ];
    expect(one).toEqual(two);
    expect(compareLineages(one, two, again.folder)).toEqual({ equal: 9, parting: null, lengths: [9, 9] });
    const weights = async (folder: string) => (await resultsOf(folder)).last.tensors;
    expect(await weights(again.folder)).toEqual(await weights(first.folder));

    // The lineage says what the steps said, and there was something to be said.
    const steps = eventsOf(first.events, 'step');
    expect(one.steps.map((step) => step?.teachers)).toEqual(
      steps.map(({ teachers }) => teachers.map((row) => row.map((weight) => weight > 0))),
    );
    expect(steps).toHaveLength(9);
    expect(new Set(one.steps.map((step) => step?.winner)).size).toBeGreaterThan(1);
    expect(new Set(one.steps.map((step) => step?.inputPerturbation?.operation)).size).toBeGreaterThan(1);
    expect(one.steps.filter((step) => step?.verdict).length).toBeGreaterThan(1);
  });

  it('of another seed go another way', async () => {
    const data = await smallData();
    const [one, other] = [
      await runHere(smallSettings(data, OVERRIDES)),
      await runHere(smallSettings(data, { ...OVERRIDES, seed: 1 })),
    ];
    const lineages = await Promise.all([one, other].map(({ folder }) => readFile(runPaths(folder).lineage)));
    expect(lineages[0]?.length).toBe(lineages[1]?.length);
    expect(lineages[0]).not.toEqual(lineages[1]);
    const [first, second] = await Promise.all([one, other].map(({ folder }) => readLineage(runPaths(folder).lineage)));
    const { equal, parting } = compareLineages(present(first, 'one'), present(second, 'another'), other.folder);
    expect(parting?.count).toBe(equal);
  });
});
