import { build, choose, type Workload } from '../workload.js';
import { type CaseResult, measureCase } from './case.js';
import { type LoaderResult, measureLoader } from './loader.js';
import { measureStep, type StepLine } from './step-time.js';

/** What a child process can be asked for, and its answers. */
export interface Answers {
  readonly tune: string;
  readonly step: StepLine;
  readonly case: CaseResult;
  readonly loader: LoaderResult;
}

export type JobKind = keyof Answers;
export interface Job<Kind extends JobKind = JobKind> {
  readonly kind: Kind;
  readonly workload: Workload;
  readonly steps: number;
}

export const JOBS: { readonly [Kind in JobKind]: (job: Job<Kind>) => Promise<Answers[Kind]> } = {
  tune: async ({ workload }) => (await choose(build(workload))).name,
  step: ({ workload, steps }) => measureStep(workload, steps),
  case: ({ workload, steps }) => measureCase(workload, steps),
  loader: ({ workload, steps }) => measureLoader(workload, steps),
};
