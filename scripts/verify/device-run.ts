import { nextName } from '../../src/distill/step.js';
import type { Target } from '../../src/lower/target.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import type { Device } from '../../src/runtime/device.js';
import { Predictor } from '../../src/runtime/predictor.js';
import { Stepper } from '../../src/runtime/stepping/stepper.js';
import { fail, present } from '../../src/util/error.js';
import { batchOf, EVALUATION, type Golden, initialState, scalarsOf } from './golden.js';
import type { Run } from './run.js';

/** Trains on a device, in float32. */
export async function runOnDevice(golden: Golden, device: Device, target?: Target): Promise<Run> {
  const { step, settings } = golden;
  const stepper = await Stepper.open({ graph: step.graph, state: step.state, nextOf: nextName }, { device, target });
  try {
    stepper.load(initialState(golden));
    const steps: Map<string, Tensor>[] = [];
    for (let k = 0; k < settings.steps; k++) steps.push(await stepper.step(feedsOf(golden, k)));
    const final = await stepper.state();
    return { steps, final, evaluation: await evaluateOnDevice(golden, final, device) };
  } finally {
    await stepper.close();
  }
}

function feedsOf(golden: Golden, k: number): Record<string, Tensor> {
  const scalars = [...scalarsOf(golden, k)].map(([name, value]) => [name, tensor('float32', [], [value])]);
  return { ...batchOf(golden, k), ...Object.fromEntries(scalars) };
}

async function evaluateOnDevice(
  golden: Golden,
  final: ReadonlyMap<string, Tensor>,
  device: Device,
): Promise<Tensor | undefined> {
  if (!golden.tensors.has(EVALUATION)) return undefined;
  const predictor = await Predictor.open(present(golden.networks[0], 'a network'), { device });
  try {
    predictor.load((name) => final.get(`net0.${name}`) ?? fail(golden.path, `"${name}" has no final value`));
    return await predictor.logits(batchOf(golden, 0).images);
  } finally {
    await predictor.close();
  }
}
