import { expect, it, onTestFinished } from 'vitest';
import { createLoader } from '../../../src/data/batch/open-loader.js';
import { splitOf } from '../../../src/data/dataset/multi-label.js';
import { preprocessingFor } from '../../../src/data/image/preprocess.js';
import { packedDataset } from '../helpers.js';

const CLASSES = 3;
const DATASET = packedDataset(11, CLASSES);
const PREPROCESSING = preprocessingFor(DATASET, { mean: [0, 0, 0], std: [1, 1, 1] });
const members = (i: number) => [0, 1, 2].filter((c) => (i >> c) % 2 === 1);
const split = splitOf(
  DATASET.train.source,
  Array.from({ length: 11 }, (_, i) => members(i)),
  CLASSES,
);
const rowOf = (i: number) => [0, 1, 2].map((c) => (members(i).includes(c) ? 1 : 0));

it('a batch has a row of targets for each image, and for those that are mixed in', async () => {
  const perturbation = { pool: 'release', when: { every: 1 }, networks: 1 } as const;
  const augmentation = { randomResizedCrop: null, padCrop: 0, flip: false, rotation: 0 };
  const training = { seed: 3, augmentation, perturbation };
  const loader = createLoader({ split, preprocessing: PREPROCESSING, batchSize: 5, training });
  onTestFinished(() => loader.close());
  let mixed = 0;
  for (let epoch = 0; epoch < 6; epoch++) {
    for await (const { indices, targets, perturbed } of loader.epoch({ epoch })) {
      expect([...(targets ?? [])]).toEqual([...indices].flatMap(rowOf));
      // The partners' labels are the first class of each, which tells the images here apart but for some
      const rows = [...(perturbed?.partnerTargets ?? [])];
      expect(rows.length).toBe(5 * CLASSES);
      perturbed?.partners.forEach((label, slot) => {
        expect(rows.slice(slot * CLASSES, (slot + 1) * CLASSES).indexOf(1)).toBe(label);
      });
      if (rows.join() !== [...(targets ?? [])].join()) mixed++;
    }
  }
  expect(mixed).toBeGreaterThan(0);
});
