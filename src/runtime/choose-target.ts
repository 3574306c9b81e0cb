import type { Graph } from '../graph/graph.js';
import { emulatedHalf, inHalf } from '../lower/half/half.js';
import type { ChosenTarget, Device, TargetOptions } from './device-kind.js';
import { checkHalf } from './half-probe.js';

/** How the step of a run is lowered. */
export interface StepTargetOptions extends TargetOptions {
  /** In what numbers it computes. */
  readonly precision: 'float32' | 'float16';
}

const EMULATED =
  'precision float16 on the CPU: it computes in float32 and rounds to float16, which shows what training in float16 comes to, ' +
  'but is slower than float32 and takes no less memory (--precision float32, or a device that computes in float16)';

/** The lowering of a step for a device: in mixed precision that of the device with float16 in it, which the device must be able to compute. */
export async function chooseStepTarget(
  graph: Graph,
  device: Device,
  { precision, ...options }: StepTargetOptions,
): Promise<ChosenTarget> {
  if (precision === 'float32') return device.kind.chooseTarget(graph, device, options);
  if (device.kind.name === 'cpu') return { target: emulatedHalf, forms: {}, note: EMULATED };
  await checkHalf(device);
  const chosen = await device.kind.chooseTarget(graph, device, options);
  return { ...chosen, target: inHalf(chosen.target) };
}
