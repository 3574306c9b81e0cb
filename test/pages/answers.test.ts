import { describe, expect, it } from 'vitest';
import { confusedPairs } from '../../src/pages/answers/confusion.js';
import { honestyAnswer, honestyOf } from '../../src/pages/answers/honesty.js';
import { wilson } from '../../src/pages/answers/interval.js';
import { labelErrorAnswer } from '../../src/pages/answers/label-errors.js';
import { trendOf } from '../../src/pages/answers/more-epochs.js';
import { plainText } from '../../src/pages/answers/said.js';
import { orderClasses } from '../../src/pages/show/class-order.js';
import { madeUpAssessment } from '../support/report/assessment.js';

describe("Wilson's interval", () => {
  // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i is as published', (right, count, low, high) => {
    const interval = wilson(right / count, count);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });
});

describe('whether more epochs would help', () => {
  it('sees a loss that still falls', () => {
    expect(trendOf([2, 1.8, 1.6, 1.4, 1.2, 1, 0.9, 0.8, 0.7, 0.6])).toMatchObject({
      kind: 'improving',
      window: 2,
      last: expect.closeTo(0.65, 12),
      before: expect.closeTo(0.85, 12),
    });
  });

  it('sees one that has risen from its lowest', () => {
    const trend = trendOf([2, 1, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1]);
    expect(trend).toMatchObject({ kind: 'overfitting', lowest: 0.5, lowestFrom: 2 });
    expect(trend?.last).toBeCloseTo(1.05, 12);
  });

  it('sees one that is flat', () => {
    expect(trendOf([2, 1, 0.7, 0.7, 0.7, 0.7, 0.699, 0.7, 0.7, 0.7])?.kind).toBe('flat');
  });

  it('says nothing of few epochs', () => {
    expect(trendOf([2, 1, 0.5, 0.4])).toBeUndefined();
  });
});

it('says nothing of the probabilities of a few images, and gives no temperature', () => {
  const assessment = { ...madeUpAssessment({ classes: 2 }), images: 12 };
  expect(plainText(honestyAnswer(assessment, 'runs/a').answer)).toBe("12 images can't tell: it takes 30 at least.");
});

it('counts pairs of classes that are taken for each other in both directions', () => {
  const confusion = [
    [0, 0, 9],
    [0, 1, 2],
    [1, 0, 3],
    [2, 1, 4],
  ] as [number, number, number][];
  expect(confusedPairs(confusion)).toEqual([
    { classes: [1, 0], counts: [3, 2] },
    { classes: [2, 1], counts: [4, 0] },
  ]);
});

it('knows by how much honest probabilities seem off by chance', () => {
  // Means of |right / n - p| over draws of n answers, each right with the probability p
  const [p, n, draws] = [0.8, 50, 4000];
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) / 2 ** 24;
  };
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    let right = 0;
    for (let i = 0; i < n; i++) right += random() < p ? 1 : 0;
    sum += Math.abs(right / n - p);
  }
  const bins = [{ lower: 0.8, upper: 0.9, count: n, confidence: p, accuracy: p }];
  expect(honestyOf({ bins }).chance).toBeCloseTo(sum / draws, 2);
});

it('names the images that look mislabelled', () => {
  const assessment = { ...madeUpAssessment({ classes: 3 }), labelErrorCount: 3 };
  const { answer, detail, pictures } = labelErrorAnswer(assessment);
  expect(plainText(answer)).toBe('3 of the 60 test images look mislabelled.');
  expect(plainText(detail)).toContain(assessment.pictures[0]?.name);
  expect(pictures).toEqual([0, 1, 2]);
});

it('puts confused classes side by side', () => {
  const confusion = [
    [0, 4, 5],
    [4, 2, 3],
    [1, 3, 1],
    [0, 0, 50],
  ] as [number, number, number][];
  expect(orderClasses(confusion, 6, 'together')).toEqual([0, 4, 2, 1, 3, 5]);
  expect(orderClasses(confusion, 6, 'errors')).toEqual([0, 4, 1, 2, 3, 5]);
  expect(orderClasses(confusion, 6, 'own')).toEqual([0, 1, 2, 3, 4, 5]);
});
