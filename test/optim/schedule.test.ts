import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule, type ScheduleSettings } from '../../src/optim/schedule.js';

const ONE_CYCLE = { name: 'one-cycle', pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 } as const;

function settingsOf(schedule: Schedule, others: Partial<ScheduleSettings> = {}): ScheduleSettings {
  return { base: 0.1, schedule, warmupEpochs: 0, epochs: 10, stepsPerEpoch: 10, ...others };
}

/** Rates at some steps, held against what was worked out by hand. */
function expectRates(settings: ScheduleSettings, expected: Readonly<Record<number, number>>): void {
  expect(Object.keys(expected).length).toBeGreaterThan(0);
  for (const [step, rate] of Object.entries(expected)) {
    const got = learningRateAt(Number(step), settings);
    expect(Math.abs(got - rate), `step ${step}: got ${got}, expected ${rate}`).toBeLessThan(1e-12);
  }
}

describe('learningRateAt', () => {
  it('constant', () => {
    expectRates(settingsOf({ name: 'constant' }), { 0: 0.1, 1: 0.1, 99: 0.1, 1000: 0.1 });
  });

  it('multi-step falls with the first step of a milestone epoch', () => {
    const schedule = { name: 'multi-step', milestones: [3, 6, 6.5], gamma: 0.1 } as const;
    const expected = { 0: 0.1, 29: 0.1, 30: 0.01, 59: 0.01, 60: 0.001, 64: 0.001, 65: 0.0001, 99: 0.0001 };
    expectRates(settingsOf(schedule), expected);
    expectRates(settingsOf({ ...schedule, milestones: [] }), { 0: 0.1, 99: 0.1 });
  });

  it("cosine is PyTorch's CosineAnnealingLR, T_max = all steps", () => {
    // min + (base - min) (1 + cos(pi step / total)) / 2
    const quarter = 0.02 + (0.08 * (1 + Math.SQRT1_2)) / 2;
    const settings = settingsOf({ name: 'cosine', min: 0.02 });
    expectRates(settings, { 0: 0.1, 25: quarter, 50: 0.06, 75: 0.12 - quarter, 100: 0.02, 150: 0.02 });
  });

  it('linear goes straight to its end', () => {
    const settings = settingsOf({ name: 'linear', end: 0.02 });
    expectRates(settings, { 0: 0.1, 1: 0.0992, 50: 0.06, 75: 0.04, 99: 0.0208, 100: 0.02, 200: 0.02 });
    const warmed = { ...settings, warmupEpochs: 2 };
    expectRates(warmed, { 0: 0.005, 9: 0.05, 19: 0.1, 20: 0.1, 60: 0.06, 100: 0.02 });
    expectRates({ ...settings, warmupEpochs: 20 }, { 0: 0.0005, 99: 0.05, 199: 0.1, 250: 0.02 });
  });

  it("one-cycle is PyTorch's OneCycleLR at its edges", () => {
    // 100 steps: from 0.1 / 25 up to step 0.3 * 100 - 1 = 29, down to 0.004 / 1e4 at step 99
    const halfway = (from: number, to: number) => (from + to) / 2;
    const settings = settingsOf(ONE_CYCLE);
    const expected = { 0: 0.004, 14.5: halfway(0.004, 0.1), 29: 0.1, 64: halfway(0.1, 4e-7), 99: 4e-7, 150: 4e-7 };
    expectRates(settings, expected);
    const peak = Array.from({ length: 100 }, (_, step) => learningRateAt(step, settings));
    expect(peak.indexOf(Math.max(...peak))).toBe(29);
  });

  it("one-cycle is PyTorch's OneCycleLR at every step of a short run", () => {
    // torch.optim.lr_scheduler.OneCycleLR.get_lr, three_phase False, anneal_strategy cos
    const [total, base] = [15, 0.1];
    const anneal = (start: number, end: number, pct: number) =>
      end + ((start - end) / 2) * (Math.cos(Math.PI * pct) + 1);
    const phases = [
      { start: 0, end: 0.3 * total - 1, from: base / 25, to: base },
      { start: 0.3 * total - 1, end: total - 1, from: base, to: base / 25 / 1e4 },
    ];
    const expected = Array.from({ length: total }, (_, step) => {
      const phase = phases[step <= (phases[0]?.end as number) ? 0 : 1] as (typeof phases)[number];
      return anneal(phase.from, phase.to, (step - phase.start) / (phase.end - phase.start));
    });
    expect(Math.max(...expected)).toBeGreaterThan(0.09);
    expectRates(settingsOf(ONE_CYCLE, { epochs: 3, stepsPerEpoch: 5 }), Object.fromEntries(expected.entries()));
  });

  it('one-cycle whose way up is a single step begins at the top', () => {
    // pctStart * total = 1: nothing lies between start and top
    const settings = settingsOf({ ...ONE_CYCLE, pctStart: 0.1 }, { epochs: 1 });
    expectRates(settings, { 0: 0.1, 9: 4e-7 });
  });

  it('one-cycle of a run too short for its way up only goes down', () => {
    // 0.3 * 2 steps: the top lies before the first step, at -0.4, the end at 1
    const at0 = 4e-7 + ((0.1 - 4e-7) * (1 + Math.cos((Math.PI * 0.4) / 1.4))) / 2;
    expectRates(settingsOf(ONE_CYCLE, { epochs: 1, stepsPerEpoch: 2 }), { 0: at0, 1: 4e-7 });
  });

  it('warm-up grows by equal steps to the base and multiplies the schedule', () => {
    const constant = settingsOf({ name: 'constant' }, { warmupEpochs: 0.5 });
    expectRates(constant, { 0: 0.02, 1: 0.04, 2: 0.06, 3: 0.08, 4: 0.1, 5: 0.1, 99: 0.1 });
    const cosine = settingsOf({ name: 'cosine', min: 0 }, { warmupEpochs: 2, epochs: 4 });
    expectRates(cosine, { 9: 0.05 * ((1 + Math.cos(Math.PI * 0.225)) / 2), 20: 0.05, 30: 0.05 * (1 - Math.SQRT1_2) });
  });

  const schedules: Schedule[] = [
    { name: 'constant' },
    { name: 'multi-step', milestones: [1, 2], gamma: 0.1 },
    { name: 'cosine', min: 0 },
    { name: 'linear', end: 0 },
    ONE_CYCLE,
  ];

  it.each(schedules)('$name is finite and between 0 and the base in runs of any size', (schedule) => {
    const pct = fc.constantFrom(0, 0.1, 0.2, 0.25, 0.3, 0.5, 1);
    const small = fc.integer({ min: 1, max: 6 });
    const warmup = fc.constantFrom(0, 0, 0.5, 1, 7);
    fc.assert(
      fc.property(small, small, warmup, pct, fc.nat(40), (epochs, stepsPerEpoch, warmupEpochs, pctStart, step) => {
        const chosen = schedule.name === 'one-cycle' ? { ...schedule, pctStart } : schedule;
        const rate = learningRateAt(step, settingsOf(chosen, { epochs, stepsPerEpoch, warmupEpochs }));
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(0.1 + 1e-12);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});
