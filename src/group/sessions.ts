import { nextName, type StepGraph } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import type { Target } from '../lower/target.js';
import { deviceOf } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { Stepper } from '../runtime/stepping/stepper.js';
import type { Settings } from '../settings/settings.js';
import { at } from '../util/checked.js';
import type { Group } from './group.js';
import { networkDevices } from './network-devices.js';

/** A session for the training step on the settings' device, in the lowering that was chosen for it; `onLowered` sees that first. */
export async function openStepper(
  step: StepGraph,
  settings: Settings,
  target: Target,
  onLowered?: (lowered: Graph) => void,
): Promise<Stepper> {
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const { threads, stepsPerRun: perRun } = settings;
  return Stepper.open(source, { device: deviceOf(settings), threads, target, perRun, onLowered });
}

/** A session for each network's evaluation, on the device that it trains on. */
export async function openPredictors(
  { graphs }: Group,
  settings: Parameters<typeof networkDevices>[0] & Pick<Settings, 'threads'>,
): Promise<Predictor[]> {
  const devices = networkDevices(settings);
  const { threads } = settings;
  return Promise.all(graphs.map((graph, i) => Predictor.open(graph, { device: at(devices, i), threads })));
}
