import { nextName, type StepGraph } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import type { Target } from '../lower/target.js';
import { parseDevice } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { Stepper } from '../runtime/stepping/stepper.js';
import type { Settings } from '../settings/settings.js';
import type { Group } from './group.js';

/** A session for the training step on the settings' device, in the lowering that was chosen for it; `onLowered` sees that first. */
export async function openStepper(
  step: StepGraph,
  settings: Settings,
  target: Target,
  onLowered?: (lowered: Graph) => void,
): Promise<Stepper> {
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const { threads, stepsPerRun: perRun } = settings;
  return Stepper.open(source, { device: parseDevice(settings.device), threads, target, perRun, onLowered });
}

/** A session for each network's evaluation. */
export async function openPredictors(
  { graphs }: Group,
  settings: Pick<Settings, 'device' | 'threads'>,
): Promise<Predictor[]> {
  const options = { device: parseDevice(settings.device), threads: settings.threads };
  return Promise.all(graphs.map((graph) => Predictor.open(graph, options)));
}
