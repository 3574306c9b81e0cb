import { describe, expect, it } from 'vitest';
import { RANGE_TEST, RunningLoss, rateOfStep, smoothLosses, suggestRates } from '../../src/optim/range-test.js';

const STEPS = [...Array(RANGE_TEST.steps).keys()];
/** A loss that stays at 2, falls along a logistic curve around `fall`, and rises from `rise` on; decades of the rate. */
const lossAt = (fall: number, rise: number) => (step: number) => {
  const decade = Math.log10(rateOfStep(step));
  return 2 - 1.5 / (1 + Math.exp(-3 * (decade - fall))) + Math.max(0, decade - rise) * 4;
};

describe('the range test', () => {
  it('goes from 1e-7 to 10 in 100 steps, each by the same factor', () => {
    expect([rateOfStep(0), rateOfStep(99)].map((rate) => Number(rate.toPrecision(12)))).toEqual([1e-7, 10]);
    for (const step of STEPS.slice(1)) expect(rateOfStep(step) / rateOfStep(step - 1)).toBeCloseTo(10 ** (8 / 99), 12);
  });

  it('suggests where the loss falls fastest, and a tenth of where it is lowest', () => {
    const suggested = suggestRates(smoothLosses(STEPS.map(lossAt(-3, -1))));
    expect(Math.log10(suggested?.steepest ?? 1)).toBeCloseTo(-3, 0);
    // Smoothing moves the lowest point away from the kink, to the safe side
    const tenth = Math.log10(suggested?.tenthOfLowest ?? 1);
    expect([tenth < -2, tenth > -2.75]).toEqual([true, true]);
  });

  it('is not led astray by noise at rates that do nothing', () => {
    const noise = STEPS.map((step) => (step < 40 ? 0.3 * Math.cos(step / 3) : 0));
    const losses = STEPS.map((step) => lossAt(-2, -0.5)(step) + (noise[step] ?? 0));
    expect(Math.log10(suggestRates(smoothLosses(losses))?.steepest ?? 1)).toBeCloseTo(-2, 0);
  });

  it('suggests nothing where no loss falls, or there is too little of it', () => {
    expect(suggestRates(smoothLosses(STEPS.map((step) => step)))).toBeUndefined();
    expect(suggestRates(smoothLosses([2, 1, Number.NaN, 1]))).toBeUndefined();
    expect(smoothLosses([2, 2, Number.POSITIVE_INFINITY, 2])).toEqual([2, 2]);
  });

  it('ends where the running mean is four times its lowest, or no number', () => {
    const ends = (losses: readonly number[]) => {
      const running = new RunningLoss();
      return losses.findIndex((loss) => {
        running.add(loss);
        return running.diverged;
      });
    };
    // Means of fastai's smoother, by its formula: m = 0.98 m + 0.02 x, over 1 - 0.98^n
    const means = [1, 1, 50].reduce<{ m: number; all: number[] }>(
      ({ m, all }, x, i) => {
        const next = 0.98 * m + 0.02 * x;
        return { m: next, all: [...all, next / (1 - 0.98 ** (i + 1))] };
      },
      { m: 0, all: [] },
    ).all;
    expect(means[2]).toBeGreaterThan(4);
    expect([ends([1, 1, 50]), ends([1, 1, 2, 3]), ends([1, Number.NaN])]).toEqual([2, -1, 1]);
  });
});
