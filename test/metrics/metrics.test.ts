import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClassScores, scoresOfConfusion, scoresOfDecisions } from '../../src/metrics/class-scores.js';
import { confusionOf } from '../../src/metrics/confusion.js';
import { likelyLabelErrors } from '../../src/metrics/label-errors.js';
import { Reliability } from '../../src/metrics/reliability.js';
import { fitTemperature } from '../../src/metrics/temperature.js';
import { sigmoid } from '../../src/util/maths/sigmoid.js';
import { softmax } from '../../src/util/maths/softmax.js';

interface PerClass {
  readonly support: number[];
  readonly precision: (number | null)[];
  readonly recall: (number | null)[];
  readonly f1: (number | null)[];
}

interface Part {
  readonly classes: PerClass;
  readonly reliability: {
    readonly ece: number;
    readonly bins: { count: number; confidence: number | null; accuracy: number | null }[];
  };
  readonly scaling: { readonly temperature: number; readonly loss: number };
}

interface Fixture {
  readonly classes: number;
  /** [networks, images, classes] */
  readonly logits: number[][][];
  readonly labels: number[];
  readonly single: Part & { readonly confusion: number[][] };
  readonly labelErrors: { image: number; suggested: number; probability: number; given: number }[];
  readonly flipped: number[];
  readonly targets: number[][];
  readonly threshold: number;
  readonly multi: Part;
}

const FIXTURE = new URL('../fixtures/metrics/metrics.json', import.meta.url);
const FACTS = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Fixture;
const { classes, logits, labels, targets } = FACTS;
const [first = [], second = []] = logits;
const argmax = (row: readonly number[]) => row.indexOf(Math.max(...row));
const column = <K extends keyof ClassScores>(scores: readonly ClassScores[], key: K) => scores.map((each) => each[key]);

function expectClose(got: readonly (number | null)[], expected: readonly (number | null)[]) {
  expect(got.map((x) => (x === null ? null : Number(x.toFixed(9))))).toEqual(
    expected.map((x) => (x === null ? null : Number(x.toFixed(9)))),
  );
}

function expectScores(scores: readonly ClassScores[], expected: PerClass) {
  expect(column(scores, 'support')).toEqual(expected.support);
  for (const key of ['precision', 'recall', 'f1'] as const) expectClose(column(scores, key), expected[key]);
}

function expectReliability(reliability: Reliability, expected: Part['reliability']) {
  const bins = reliability.bins();
  expect(bins.map(({ count }) => count)).toEqual(expected.bins.map(({ count }) => count));
  for (const key of ['confidence', 'accuracy'] as const)
    expectClose(
      bins.map((bin) => bin[key]),
      expected.bins.map((bin) => bin[key]),
    );
  expect(reliability.ece()).toBeCloseTo(expected.ece, 12);
}

/** The mean cross-entropy of softmax(logits / T), by its definition. */
function lossAt(temperature: number, rows: readonly (readonly number[])[], own: readonly number[]): number {
  const losses = rows.map((row, i) => {
    const powers = row.map((z) => Math.exp(z / temperature));
    return -Math.log((powers[own[i] as number] as number) / powers.reduce((a, b) => a + b));
  });
  return losses.reduce((a, b) => a + b) / losses.length;
}

describe("scikit-learn's numbers", () => {
  it('of images of one class each: confusion, and scores of each class', () => {
    const cells = confusionOf(labels, first.map(argmax));
    expect(cells).toEqual(FACTS.single.confusion);
    expectScores(scoresOfConfusion(cells, classes), FACTS.single.classes);
  });

  it('of images with any number of classes', () => {
    const said = first.flatMap((row) => row.map((z) => (sigmoid(z) >= FACTS.threshold ? 1 : 0)));
    expectScores(scoresOfDecisions(targets.flat(), said, classes), FACTS.multi.classes);
  });
});

describe("NumPy's and SciPy's numbers", () => {
  it('of calibration', () => {
    const reliability = new Reliability();
    for (const [i, row] of first.entries())
      reliability.add(Math.max(...softmax(row)), argmax(row) === (labels[i] as number));
    expectReliability(reliability, FACTS.single.reliability);
    const decisions = new Reliability();
    for (const [i, row] of first.entries())
      for (const [c, z] of row.entries()) decisions.add(sigmoid(z), targets[i]?.[c] === 1);
    expectReliability(decisions, FACTS.multi.reliability);
  });

  it('of the best temperature', () => {
    const single = fitTemperature({ logits: second.flat(), classes, labels });
    expect(single).toBeCloseTo(FACTS.single.scaling.temperature, 4);
    expect(lossAt(single, second, labels)).toBeCloseTo(FACTS.single.scaling.loss, 10);
    const multi = fitTemperature({ logits: first.flat(), classes, targets: targets.flat() });
    expect(multi).toBeCloseTo(FACTS.multi.scaling.temperature, 4);
  });

  it('of label errors', () => {
    const probabilities = (i: number) => logits.map((rows) => softmax(rows[i] as number[]));
    const found = likelyLabelErrors({ images: labels.length, probabilities }, labels);
    const key = ({ image, suggested }: { image: number; suggested: number }) => [image, suggested];
    expect(found.map(key)).toEqual(FACTS.labelErrors.map(key));
    for (const part of ['probability', 'given'] as const)
      expectClose(
        found.map((each) => each[part]),
        FACTS.labelErrors.map((each) => each[part]),
      );
    expect(found.every(({ image }) => FACTS.flipped.includes(image))).toBe(true);
  });
});

describe('any answers', () => {
  const answers = fc.integer({ min: 2, max: 6 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      pairs: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { minLength: 1, maxLength: 60 }),
    }),
  );

  it('have confusions whose rows sum to the support, columns to what was said, and the diagonal to what was right', () => {
    fc.assert(
      fc.property(answers, ({ count, pairs }) => {
        const [own, said] = [pairs.map(([label]) => label), pairs.map(([, other]) => other)];
        const cells = confusionOf(own, said);
        const sum = (of: (cell: readonly number[]) => boolean) =>
          cells.filter(of).reduce((total, [, , n]) => total + n, 0);
        for (const [c, { support, precision, recall }] of scoresOfConfusion(cells, count).entries()) {
          expect(support).toBe(own.filter((label) => label === c).length);
          expect(support).toBe(sum(([label]) => label === c));
          const right = sum(([label, other]) => label === c && other === c);
          expect(recall === null ? 0 : recall * support).toBeCloseTo(right, 9);
          expect(precision === null ? 0 : precision * sum(([, other]) => other === c)).toBeCloseTo(right, 9);
        }
        expect(cells.every(([, , n]) => n > 0)).toBe(true);
      }),
    );
  });

  it('have calibration bins whose counts and gaps sum to those of all', () => {
    const decisions = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { minLength: 1 });
    fc.assert(
      fc.property(decisions, (all) => {
        const reliability = new Reliability();
        for (const [confidence, right] of all) reliability.add(confidence, right);
        const bins = reliability.bins();
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
        const gaps = bins.map(({ count, confidence, accuracy }) => {
          return (count / all.length) * Math.abs((accuracy ?? 0) - (confidence ?? 0));
        });
        expect(reliability.ece()).toBeCloseTo(
          gaps.reduce((a, b) => a + b, 0),
          9,
        );
        for (const { lower, upper, confidence } of bins) {
          if (confidence === null) continue;
          expect(confidence).toBeGreaterThanOrEqual(lower - 1e-9);
          expect(confidence).toBeLessThanOrEqual(upper + 1e-9);
        }
      }),
    );
  });
});
