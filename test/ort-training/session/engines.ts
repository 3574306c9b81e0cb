import { onTestFinished } from 'vitest';
import { buildStep, nextName, TEACHER_LOGITS } from '../../../src/distill/step.js';
import { initialState } from '../../../src/group/group.js';
import { createNetwork } from '../../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { createOptimizer } from '../../../src/optim/optimizer.js';
import { type OptimizerStart, openOrtTraining } from '../../../src/ort-training/engine.js';
import { CPU } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { parseSettings, type SettingsInput } from '../../../src/settings/settings.js';
import { stream } from '../../../src/util/random.js';
import { MOBILENET, RESNET, WIDER } from '../../run/runs.js';

export { MOBILENET, RESNET, WIDER };

const BATCH = 8;
const INPUT = { classes: 5, channels: 3, height: 8, width: 8 };
const RATES = [0.05, 0.04, 0.06, 0.02, 0.03, 0.01];

/** The same training for both engines: networks, settings, first state, and what is fed in the k-th step. */
export function training(overrides: SettingsInput = {}, side = INPUT.height) {
  const settings = parseSettings({
    nets: [RESNET, WIDER],
    batchSize: BATCH,
    optimizer: { name: 'sgd', momentum: 0, weightDecay: 0.01 },
    threads: 1,
    ...overrides,
  });
  const { optimizer } = settings;
  const input = { ...INPUT, height: side, width: side };
  const graphs = settings.nets.map((net) => createNetwork(net as string, input));
  const step = buildStep(graphs, settings, { batch: BATCH });
  const rate = (k: number) => (optimizer.name === 'adamw' ? 0.1 : 1) * (RATES[k] as number);
  const feeds = (k: number): Record<string, Tensor> => {
    const random = stream(7, 'batch', k);
    const normal = (dims: readonly number[], number = random.normal) => {
      const count = dims.reduce((product, size) => product * size, 1);
      return tensor('float32', dims, Float32Array.from({ length: count }, number));
    };
    const scalars = Object.entries(createOptimizer(optimizer).scalarsAt(rate(k), k + 1));
    return {
      images: normal([BATCH, input.channels, side, side]),
      labels: tensor(
        'int64',
        [BATCH],
        Array.from({ length: BATCH }, () => random.below(INPUT.classes)),
      ),
      ...Object.fromEntries(scalars.map(([name, value]) => [name, tensor('float32', [], [value])])),
      ...Object.fromEntries(step.uniforms.map(({ name, shape }) => [name, normal(shape as number[], random.uniform)])),
      ...(settings.teacher && { [TEACHER_LOGITS]: normal([BATCH, INPUT.classes]) }),
    };
  };
  return { settings, graphs, step, feeds, state: initialState({ graphs, networks: [] }, step, 3) };
}

export type Training = ReturnType<typeof training>;

/** Agon's own engine. */
export async function openOwn({ step }: Training): Promise<Stepper> {
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const stepper = await Stepper.open(source, { device: CPU, threads: 1 });
  onTestFinished(() => stepper.close());
  return stepper;
}

/** The official sessions, to begin with the k-th step. */
export async function openOfficial({ settings, graphs }: Training, k = 0, start: Partial<OptimizerStart> = {}) {
  const factor = settings.optimizer.name === 'adamw' ? 0.1 : 1;
  const rates = RATES.slice(k).map((rate) => factor * rate);
  const stepper = await openOrtTraining({ graphs }, settings, { rates, updates: 0, moments: new Map(), ...start });
  onTestFinished(() => stepper.close());
  return stepper;
}

/** The largest difference between the numbers of two tensors. */
export function difference(a: Tensor | undefined, b: Tensor | undefined): number {
  const [left, right] = [a, b].map((value) => (value ? toNumbers(value) : [])) as [number[], number[]];
  if (left.length === 0 || left.length !== right.length) return Number.POSITIVE_INFINITY;
  return Math.max(...left.map((value, i) => Math.abs(value - (right[i] as number))));
}
