import { performance } from 'node:perf_hooks';
import { present } from '../../../src/util/error.js';
import { mean, round } from '../numbers.js';
import { record } from '../profile/record.js';
import { convolutionMs } from '../profile/summary.js';
import { build, choose, loadInitial, open, type Workload } from '../workload.js';
import { matMulPeak } from './limits.js';
import { collectGarbage } from './memory.js';
import { watchSessions } from './sessions.js';
import { type StepLine, stepLine, timeSteps } from './step-time.js';
import { workOf } from './work.js';

/** How long it takes until the first step can run. */
export interface StartUp {
  /** Networks, losses, gradients, updates in semantic operators. */
  readonly build_ms: number;
  /** To the target's operators, and to an ONNX model. */
  readonly lower_ms: number;
  /** ONNX Runtime reads the model. */
  readonly session_ms: number;
  /** The initial parameters. */
  readonly state_ms: number;
  readonly model_kb: number;
}

/** A row of the benchmark's table. */
export interface CaseResult extends StepLine {
  readonly parameters: number;
  /** Of a step, in all three directions. */
  readonly gflop: number;
  /** Those over the whole step's time. */
  readonly step_gflops: number;
  /** Milliseconds of the convolutions alone, from the profiler; and their rate. */
  readonly convolution_ms: number;
  readonly convolution_gflops: number;
  /** MatMul 2048^3 in the same process, before and after the profiled steps: the first is right after the timed ones. */
  readonly matmul_gflops: readonly number[];
  /** The convolutions' rate as a share of the mean of those. */
  readonly convolution_share: number;
  readonly step_share: number;
  readonly start_up: StartUp;
}

const PROFILED_STEPS = 2;

/** Everything about a workload's step. The memory is read before MatMul and profiler add theirs. */
export async function measureCase(workload: Workload, steps: number): Promise<CaseResult> {
  const { built, line, startUp } = await timedSteps(workload, steps);
  collectGarbage();
  const before = await matMulPeak(workload.threads);
  const { events } = await record(built, PROFILED_STEPS);
  const peaks = [before, await matMulPeak(workload.threads)];
  const convolutions = convolutionMs(events, PROFILED_STEPS);
  const { parameters, multiplyAdds } = workOf(built.group.graphs, workload.batch);
  const gflop = (2 * multiplyAdds) / 1e9;
  const rate = (ms: number) => (gflop / ms) * 1e3;
  return {
    ...line,
    parameters,
    gflop: round(gflop, 2),
    step_gflops: round(rate(line.step_ms)),
    convolution_ms: round(convolutions),
    convolution_gflops: round(rate(convolutions)),
    matmul_gflops: peaks.map((peak) => round(peak)),
    convolution_share: round(rate(convolutions) / mean(peaks), 3),
    step_share: round(rate(line.step_ms) / mean(peaks), 3),
    start_up: startUp,
  };
}

async function timedSteps(workload: Workload, steps: number) {
  const clock = stopwatch();
  const built = build(workload);
  const buildMs = clock();
  const target = await choose(built);
  const { result: stepper, sessions } = await watchSessions(() => open(built, target));
  const openMs = clock();
  loadInitial(built, stepper);
  const stateMs = clock();
  const { ms, modelBytes } = present(sessions.at(-1), 'the session');
  const line = stepLine(workload, target.name, await timeSteps(built, stepper, steps));
  await stepper.close();
  const startUp: StartUp = {
    build_ms: round(buildMs),
    lower_ms: round(openMs - ms),
    session_ms: round(ms),
    state_ms: round(stateMs),
    model_kb: Math.round(modelBytes / 1024),
  };
  return { built, line, startUp };
}

/** A function that returns the milliseconds since it was last called. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const since = performance.now() - last;
    last += since;
    return since;
  };
}
