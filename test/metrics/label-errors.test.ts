import { describe, expect, it } from 'vitest';
import { likelyLabelErrors, likelyMissingLabels } from '../../src/metrics/label-errors.js';
import { softmax } from '../../src/util/maths/softmax.js';
import { stream } from '../../src/util/random.js';

const answersOf = (networks: readonly (readonly (readonly number[])[])[]) => ({
  images: networks[0]?.length ?? 0,
  probabilities: (i: number) => networks.map((rows) => rows[i] as readonly number[]),
});

describe('likely label errors', () => {
  it('are images for which all networks hold another class, as surely as for images of that class', () => {
    // Mean self-confidence: of class 0 (0.9 + 0.7 + 0.2) / 3 = 0.6, of class 1 (0.8 + 0.4) / 2 = 0.6
    const one = [
      [0.9, 0.1],
      [0.7, 0.3],
      [0.2, 0.8],
      [0.2, 0.8],
      [0.6, 0.4],
    ];
    expect(likelyLabelErrors(answersOf([one, one]), [0, 0, 0, 1, 1])).toEqual([
      { image: 2, suggested: 1, probability: 0.8, given: 0.2 },
      { image: 4, suggested: 0, probability: 0.6, given: 0.4 },
    ]);
    const unsure = one.map((row, i) => (i === 4 ? [0.59, 0.41] : row));
    expect(likelyLabelErrors(answersOf([unsure, unsure]), [0, 0, 0, 1, 1]).map(({ image }) => image)).toEqual([2]);
    const ends = (last: number[]) => one.map((row, i) => (i === 4 ? last : row));
    const disagreeing = [ends([0.9, 0.1]), ends([0.45, 0.55])];
    expect(likelyLabelErrors(answersOf(disagreeing), [0, 0, 0, 1, 1]).map(({ image }) => image)).toEqual([2]);
  });

  it('are found where 10 labels of 200 are changed', () => {
    const random = stream(11, 'flips');
    const [images, classes] = [200, 4];
    const truths = Array.from({ length: images }, (_, i) => i % classes);
    const network = () =>
      truths.map((truth) =>
        Array.from(softmax(Array.from({ length: classes }, (_, c) => random.normal() + (c === truth ? 4 : 0)))),
      );
    const networks = [network(), network(), network()];
    const flipped = Array.from({ length: 10 }, (_, i) => 7 + 19 * i);
    const labels = truths.map((truth, i) => (flipped.includes(i) ? (truth + 1) % classes : truth));
    const found = likelyLabelErrors(answersOf(networks), labels);
    // Two of them are less sure than the mean of their class
    expect(found.length).toBe(8);
    for (const { image, suggested } of found) {
      expect(flipped).toContain(image);
      expect(suggested).toBe(truths[image]);
    }
  });

  it('suggest no class that no image has, and none where labels are right', () => {
    const rows = [
      [0.1, 0.2, 0.7],
      [0.1, 0.6, 0.3],
    ];
    expect(likelyLabelErrors(answersOf([rows]), [0, 1])).toEqual([]);
  });
});

describe('likely missing labels', () => {
  // Mean self-confidence: of class 0 (0.9 + 0.7) / 2 = 0.8, of class 1 0.6
  const one = [
    [0.9, 0.7],
    [0.7, 0.1],
    [0.85, 0.6],
    [0.6, 0.65],
  ];
  const targets = [1, 0, 1, 0, 0, 1, 0, 0];

  it('are classes that all networks see as surely as in images that have them', () => {
    expect(likelyMissingLabels(answersOf([one, one]), targets, [0.5, 0.5])).toEqual([
      { image: 2, suggested: 0, probability: 0.85, given: 1 - 0.85 },
      { image: 0, suggested: 1, probability: 0.7, given: 1 - 0.7 },
      { image: 3, suggested: 1, probability: 0.65, given: 1 - 0.65 },
    ]);
  });

  it("are said to be there at each network's threshold", () => {
    expect(likelyMissingLabels(answersOf([one, one]), targets, [0.5, 0.7]).map(({ image }) => image)).toEqual([2, 0]);
  });
});
