import { z } from 'zod';
import type { DeepReadonly } from '../util/deep-readonly.js';
import { plateauSchema } from './plateau.js';

const multiStep = z.strictObject({
  name: z.literal('multi-step'),
  milestones: z.array(z.number().min(0)).default([60, 120, 180]).meta({
    flag: '--milestones <epochs>',
    rare: true,
    group: 'Steps',
    description: 'epochs at which the learning rate drops',
  }),
  gamma: z.number().positive().default(0.1).meta({
    flag: '--gamma <factor>',
    rare: true,
    group: 'Steps',
    description: 'factor of the learning rate at each milestone',
  }),
});

const cosine = z.strictObject({
  name: z.literal('cosine'),
  min: z.number().min(0).default(0).meta({ description: 'learning rate at the end of the half cosine' }),
});

/** Hugging Face's with `end` 0: it begins where the warm-up ends. */
const linear = z.strictObject({
  name: z.literal('linear'),
  end: z.number().min(0).default(0).meta({ description: 'learning rate at the end of the line' }),
});

/** PyTorch's: up and down again, both ways half a cosine. */
const oneCycle = z.strictObject({
  name: z.literal('one-cycle'),
  pctStart: z.number().gt(0).lt(1).default(0.3).meta({ description: 'share of the steps in which the rate rises' }),
  divFactor: z.number().min(1).default(25).meta({ description: 'the learning rate over the first one' }),
  finalDivFactor: z.number().min(1).default(1e4).meta({ description: 'the first learning rate over the last one' }),
});

/** How the learning rate goes over a run; `warmupEpochs` of linear growth may come before any of them. */
export const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant') }),
  multiStep,
  cosine,
  linear,
  oneCycle,
  plateauSchema,
]);
/** A learning rate schedule. */
export type Schedule = DeepReadonly<z.infer<typeof scheduleSchema>>;

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
  /** The rate that `plateau` has come to, which depends on the losses; `base` when left out. No other schedule has it. */
  readonly reached?: number | undefined;
}

/** The learning rate of a step, counted from 0 over the whole run. A pure function: only what `plateau` has come to is to be saved. */
export function learningRateAt(step: number, settings: ScheduleSettings): number {
  const warmupSteps = warmupStepsOf(settings);
  const warmup = step < warmupSteps ? (step + 1) / warmupSteps : 1;
  return warmup * scheduled(step, settings);
}

function warmupStepsOf({ warmupEpochs, stepsPerEpoch }: ScheduleSettings): number {
  return Math.round(warmupEpochs * stepsPerEpoch);
}

function scheduled(step: number, settings: ScheduleSettings): number {
  const { base, schedule, epochs, stepsPerEpoch, reached = base } = settings;
  const total = Math.max(1, epochs * stepsPerEpoch);
  switch (schedule.name) {
    case 'constant':
      return base;
    case 'plateau':
      return reached;
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
