import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { beginPlateau, nextPlateau } from '../../src/optim/plateau.js';
import { learningRateAt, scheduleSchema } from '../../src/optim/schedule.js';

interface Trace {
  readonly settings: { factor: number; patience: number; threshold: number; min: number };
  readonly losses: readonly number[];
  readonly rates: readonly number[];
}

const path = new URL('../fixtures/optimizer-refs/plateau/plateau.json', import.meta.url);
const { traces } = JSON.parse(readFileSync(path, 'utf8')) as { readonly traces: readonly Trace[] };

describe('the schedule plateau', () => {
  it("falls where PyTorch's ReduceLROnPlateau does", () => {
    expect(traces).toHaveLength(4);
    for (const { settings, losses, rates } of traces) {
      const schedule = { name: 'plateau', ...settings } as const;
      let state = beginPlateau(0.1);
      const got = losses.map((loss) => {
        state = nextPlateau(state, loss, schedule);
        return state.rate;
      });
      expect(new Set(rates).size).toBeGreaterThan(2);
      got.forEach((rate, i) => {
        expect(Math.abs(rate - (rates[i] as number))).toBeLessThan(1e-12);
      });
    }
  });

  it('has the rate that it has come to, under the warm-up', () => {
    const schedule = scheduleSchema.parse({ name: 'plateau' });
    const settings = { base: 0.1, schedule, warmupEpochs: 1, epochs: 10, stepsPerEpoch: 4 };
    expect([0, 3, 4, 39].map((step) => learningRateAt(step, settings))).toEqual([0.025, 0.1, 0.1, 0.1]);
    expect([1, 39].map((step) => learningRateAt(step, { ...settings, reached: 0.01 }))).toEqual([0.005, 0.01]);
  });
});
