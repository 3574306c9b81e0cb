/** How the learning rate goes over a run; `warmupEpochs` of linear growth may come before any of them. */
export type Schedule =
  | { readonly name: 'constant' }
  /** Times `gamma` at each of the milestones (epochs). */
  | { readonly name: 'multi-step'; readonly milestones: readonly number[]; readonly gamma: number }
  /** Half a cosine from the base rate to `min`. */
  | { readonly name: 'cosine'; readonly min: number }
  /** In a straight line from the base rate, where the warm-up ends, to `end` (Hugging Face's, with `end` 0). */
  | { readonly name: 'linear'; readonly end: number }
  /** Up from base / `divFactor` over `pctStart` of the steps, down to that over `finalDivFactor`, both cosine (PyTorch's). */
  | {
      readonly name: 'one-cycle';
      readonly pctStart: number;
      readonly divFactor: number;
      readonly finalDivFactor: number;
    };

/** A schedule, with the base rate and the length of the run that it is for. */
export interface ScheduleSettings {
  readonly base: number;
  readonly schedule: Schedule;
  /**
   * Epochs over which the rate grows linearly to the base. The schedule itself runs from the start of the training,
   * `linear` from the end of the warm-up.
   */
  readonly warmupEpochs: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** The learning rate of a step, counted from 0 over the whole run. A pure function: nothing to save or restore. */
export function learningRateAt(step: number, settings: ScheduleSettings): number {
  const warmupSteps = warmupStepsOf(settings);
  const warmup = step < warmupSteps ? (step + 1) / warmupSteps : 1;
  return warmup * scheduled(step, settings);
}

function warmupStepsOf({ warmupEpochs, stepsPerEpoch }: ScheduleSettings): number {
  return Math.round(warmupEpochs * stepsPerEpoch);
}

function scheduled(step: number, settings: ScheduleSettings): number {
  const { base, schedule, epochs, stepsPerEpoch } = settings;
  const total = Math.max(1, epochs * stepsPerEpoch);
  switch (schedule.name) {
    case 'constant':
      return base;
    case 'multi-step': {
      const passed = schedule.milestones.filter((milestone) => step >= milestone * stepsPerEpoch).length;
      return base * schedule.gamma ** passed;
    }
    case 'cosine':
      return interpolate(base, schedule.min, step / total);
    case 'linear': {
      const start = warmupStepsOf(settings);
      const share = Math.max(0, step - start) / Math.max(1, total - start);
      return base + (schedule.end - base) * Math.min(1, share);
    }
    case 'one-cycle': {
      const { pctStart, divFactor, finalDivFactor } = schedule;
      const start = base / divFactor;
      const top = pctStart * total - 1;
      if (step <= top) return interpolate(start, base, top === 0 ? 1 : step / top);
      return interpolate(base, start / finalDivFactor, (step - top) / (total - 1 - top));
    }
  }
}

/** Half a cosine from one value to the other as the share goes from 0 to 1. */
function interpolate(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, share)))) / 2;
}
