import { toPlain } from '../../graph/plain.js';
import type { Tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import { type Device, formatDevice } from '../device-kind.js';
import type { StepTimes } from '../process/jobs.js';
import { type Outcome, runJob } from '../process/run-job.js';
import type { StatefulGraph } from '../stepping/stepper.js';

/** A step to be timed, and how. */
export interface TimedStep {
  readonly source: StatefulGraph;
  /** What its state begins as. */
  readonly state: ReadonlyMap<string, Tensor>;
  readonly threads: number | undefined;
  /** In what numbers it computes. */
  readonly precision: 'float32' | 'float16';
  /** Steps in one run (1). */
  readonly perRun?: number;
  /** The forms of its computations on the CPU. */
  readonly forms: Readonly<Record<string, string>>;
}

/** Steps after the first; no more of them after so many seconds. */
const STEPS = 20;
const SECONDS = 5;
/** Until a process that takes longer is ended: a first step compiles all kernels. */
const LIMIT = 180;

/** Times training steps on a device, in a process of its own. */
export function timeStepsOn(
  device: Device,
  { source, state, threads, perRun = 1, precision, forms }: TimedStep,
): Promise<Outcome<StepTimes>> {
  const job = {
    kind: 'time',
    device: formatDevice(device),
    allowFallback: device.allowFallback ?? false,
    graph: toPlain(source.graph),
    state: source.state.map((name) => ({ name, next: source.nextOf(name), begin: present(state.get(name), name) })),
    threads,
    perRun,
    precision,
    forms,
    steps: STEPS,
    seconds: SECONDS,
  } as const;
  return runJob(job, { seconds: LIMIT });
}
