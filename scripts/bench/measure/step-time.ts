import { performance } from 'node:perf_hooks';
import type { StepRunner } from '../../../src/runtime/step-runner.js';
import { ONNXRUNTIME_VERSION } from '../../../src/runtime/version.js';
import { AGON_VERSION } from '../../../src/util/version.js';
import { label } from '../names.js';
import { median, round } from '../numbers.js';
import { type Built, build, choose, feedsFor, loadInitial, open, randomBatch, type Workload } from '../workload.js';
import { peakMemory } from './memory.js';

/** The line that torch_step.py prints, with image size and lowering beside. */
export interface StepLine {
  readonly engine: string;
  readonly nets: string;
  readonly batch: number;
  readonly size: number;
  readonly target: string;
  readonly threads: number;
  readonly step_ms: number;
  readonly min_ms: number;
  readonly images_per_s: number;
  readonly rss_mb: number;
}

export const WARM_UP = 2;

/** Times whole training steps of a workload in this process. */
export async function measureStep(workload: Workload, steps: number): Promise<StepLine> {
  const built = build(workload);
  const target = await choose(built);
  const stepper = await open(built, target);
  loadInitial(built, stepper);
  const times = await timeSteps(built, stepper, steps);
  const line = stepLine(workload, target.name, times);
  await stepper.close();
  return line;
}

/** Milliseconds of each step after the warm-up, feeds included; the images are always the same. */
export async function timeSteps(
  built: Built,
  stepper: Pick<StepRunner, 'step'>,
  steps: number,
  warmUp = WARM_UP,
): Promise<number[]> {
  const batch = randomBatch(built.workload);
  const times: number[] = [];
  for (let i = 0; i < warmUp + steps; i++) {
    const started = performance.now();
    await stepper.step(feedsFor(built, batch, i));
    times.push(performance.now() - started);
  }
  return times.slice(warmUp);
}

/** Sums times up; the peak memory is the process's so far. */
export function stepLine(workload: Workload, target: string, times: readonly number[]): StepLine {
  const { nets, batch, size, threads } = workload;
  const middle = median(times);
  return {
    engine: `agon ${AGON_VERSION} (onnxruntime ${ONNXRUNTIME_VERSION})`,
    nets: nets.map(label).join(','),
    batch,
    size,
    target,
    threads,
    step_ms: round(middle),
    min_ms: round(Math.min(...times)),
    images_per_s: round(((batch * nets.length) / middle) * 1e3),
    rss_mb: peakMemory(),
  };
}
