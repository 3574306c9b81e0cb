import { createHash } from 'node:crypto';
import { exposeSides, sidesTaken } from '../../../scripts/verify/sides.js';
import { type Tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import type { Answers } from './jobs.js';
import type { Place } from './places.js';
import { type DeviceStep, FAMILIES, PROJECTED, SETTINGS, stepOf } from './steps.js';

const STEPS = 2;

/** Whole steps of every family, and of two networks with every setting: what each puts out and the state after them. */
export async function answerSteps(place: Place): Promise<Answers> {
  const answers: Record<string, Record<string, number[]>> = {};
  for (const [title, step] of allSteps()) answers[title] = await runSteps(step, place);
  return answers;
}

function* allSteps(): Generator<[string, DeviceStep]> {
  for (const [title, networks] of Object.entries(FAMILIES)) yield [title, stepOf(networks)];
  for (const [title, { settings, options }] of Object.entries(SETTINGS)) {
    yield [title, stepOf(FAMILIES['resnet-cifar'] ?? [], settings, options)];
  }
  yield ['projected features', stepOf(PROJECTED.networks, PROJECTED.settings)];
}

/** Outputs as `<name> of step <k>`; `sides <k>` is a digest of the sides that elements of piecewise operators took. */
async function runSteps(
  { source, state, feeds }: DeviceStep,
  { device, target }: Place,
): Promise<Record<string, number[]>> {
  const { graph } = source;
  const own = new Set(graph.outputs.keys());
  exposeSides(graph);
  const stepper = await Stepper.open(source, { device, target });
  try {
    stepper.load(state);
    const numbers: Record<string, number[]> = {};
    for (let k = 0; k < STEPS; k++) {
      const outputs = await stepper.step(feeds(k));
      for (const [name, value] of outputs) if (own.has(name)) numbers[`${name} of step ${k}`] = toNumbers(value);
      numbers[`sides ${k}`] = [digest(sidesTaken(graph, outputs))];
    }
    for (const [name, value] of await stepper.state()) numbers[name] = toNumbers(value as Tensor);
    return numbers;
  } finally {
    await stepper.close();
  }
}

function digest(sides: ReadonlyMap<string, Int32Array>): number {
  const hash = createHash('sha256');
  for (const [name, taken] of sides) hash.update(name).update(taken);
  return hash.digest().readUIntBE(0, 6);
}
