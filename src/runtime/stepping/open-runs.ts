import type { Graph } from '../../graph/graph.js';
import { toLoopModel } from '../../graph/loop-model.js';
import { toModel } from '../../graph/to-model.js';
import { lower } from '../../lower/lower.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Target } from '../../lower/target.js';
import { encodeModel } from '../../onnx/file.js';
import { fail } from '../../util/error.js';
import { type Device, formatDevice } from '../device-kind.js';
import { Session } from '../session.js';
import type { CarriedState } from './carried-state.js';
import { fedTypes } from './fed-types.js';
import { LoopedRuns } from './looped-runs.js';
import { measuresOn } from './measures.js';
import { SingleRuns } from './single-runs.js';
import type { StepRuns } from './step-runs.js';

/** Where steps run, and in which form. */
export interface RunsOptions {
  readonly device: Device;
  readonly threads?: number | undefined;
  readonly target: Target;
  /** Steps in one run (1). */
  readonly perRun?: number | undefined;
  readonly onLowered?: ((lowered: Graph) => void) | undefined;
}

/** Lowers a step's graph and opens a session for it. */
export async function openRuns(source: StatefulGraph, state: CarriedState, options: RunsOptions): Promise<StepRuns> {
  const { device, threads, target, perRun = 1, onLowered } = options;
  const session = { device, threads, graphPasses: device.kind.hasGraphPasses(target) };
  if (perRun > 1) {
    const lowered = lower(source.graph, target);
    onLowered?.(lowered);
    const model = encodeModel(toLoopModel(toModel(lowered), source));
    return new LoopedRuns(await Session.open(model, session), source, { state, types: fedTypes(lowered), perRun });
  }
  const { graph, measures } = measuresOn(device, source);
  const lowered = lower(graph, target);
  onLowered?.(lowered);
  const onDevice = device.kind.state === 'device' ? [...source.state.map(source.nextOf), ...measures.onDevice] : [];
  const opened = await Session.open(encodeModel(toModel(lowered)), { ...session, onDevice });
  return new SingleRuns(opened, source, { state, measures, types: fedTypes(lowered) });
}

/** Fails for several steps in one run where `Loop` would copy the state that it is to leave where it is. */
export function checkLoops(device: Device, perRun = 1): void {
  if (perRun === 1 || device.kind.state === 'host') return;
  fail(`device ${formatDevice(device)}`, 'several steps in one run', {
    expected:
      '1, as ONNX Runtime has no Loop there: on the processor it would copy the state, which stays on the device without it',
    got: String(perRun),
    hint: 'Leave --steps-per-run out; --log-every says how often what the steps measured is copied',
  });
}
