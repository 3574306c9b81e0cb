import { answerCases } from './job-cases.js';
import { countInProfiles } from './job-kernels.js';
import { answerOperators } from './job-operators.js';
import { answerSteps } from './job-steps.js';
import type { Place } from './places.js';

/** Numbers by the case and the name of an output. */
export type Answers = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/** What can be asked of a place. */
export const JOBS = {
  gradients: answerCases,
  operators: answerOperators,
  steps: answerSteps,
  kernels: countInProfiles,
} as const satisfies Readonly<Record<string, (place: Place) => Promise<Answers>>>;

export type JobName = keyof typeof JOBS;
