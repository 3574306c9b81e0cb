import { buildStep, nextName, type StepGraph } from '../../src/distill/step.js';
import { initialState } from '../../src/group/group.js';
import { createNetwork } from '../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { parseDevice } from '../../src/runtime/device.js';
import { type StatefulGraph, Stepper } from '../../src/runtime/stepping/stepper.js';
import { parseSettings } from '../../src/settings/settings.js';
import { stream } from '../../src/util/random.js';

const BATCH = 4;
const SIDE = 8;
const CLASSES = 5;

export interface SmallStep {
  readonly step: StepGraph;
  readonly source: StatefulGraph;
  readonly state: Map<string, Tensor>;
}

/** The step of two tiny residual networks that learn from each other's logits and features. */
export function smallStep(): SmallStep {
  const spec = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] } as const;
  const settings = parseSettings({ nets: [spec, spec], batchSize: BATCH, beta: 0.5, labelSmoothing: 0.1 });
  const graphs = [spec, spec].map((net) => {
    return createNetwork(net, { classes: CLASSES, channels: 3, height: SIDE, width: SIDE });
  });
  const step = buildStep(graphs, settings, { batch: BATCH });
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  return { step, source, state: initialState({ graphs, networks: [] }, step, 3) };
}

/** What is fed in the k-th step. */
export function feeds(k: number): Record<string, Tensor> {
  const random = stream(11, 'batch', k);
  const pixels = Float32Array.from({ length: BATCH * 3 * SIDE * SIDE }, () => random.normal());
  const labels = Array.from({ length: BATCH }, () => random.below(CLASSES));
  return {
    images: tensor('float32', [BATCH, 3, SIDE, SIDE], pixels),
    labels: tensor('int64', [BATCH], labels),
    learning_rate: tensor('float32', [], [0.05]),
  };
}

/** What some steps on a device came to, as plain numbers. */
export interface StepNumbers {
  /** [step][output][number] */
  readonly outputs: readonly Readonly<Record<string, number[]>>[];
  readonly state: Readonly<Record<string, number[]>>;
}

/** Runs some steps on a device, the second network set back after the first; hands over all their numbers and the last state. */
export async function numbersOn(device: string, steps: number): Promise<StepNumbers> {
  const { source, state } = smallStep();
  const stepper = await Stepper.open(source, { device: parseDevice(device) });
  try {
    stepper.load(state);
    const outputs: Record<string, number[]>[] = [];
    const second = source.state.filter((name) => name.startsWith('net1.'));
    const begin = await stepper.state(second);
    for (let k = 0; k < steps; k++) {
      outputs.push(numbersOf(await stepper.step(feeds(k))));
      if (k === 0) stepper.update(begin);
    }
    return { outputs, state: numbersOf(await stepper.state()) };
  } finally {
    await stepper.close();
  }
}

export function numbersOf(tensors: ReadonlyMap<string, Tensor>): Record<string, number[]> {
  return Object.fromEntries(Array.from(tensors, ([name, value]) => [name, toNumbers(value)]));
}
