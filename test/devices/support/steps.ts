import { buildStep, nextName, type StepOptions, stepSettingsOf } from '../../../src/distill/step.js';
import { initialState } from '../../../src/group/group.js';
import type { StatefulGraph } from '../../../src/lower/stateful-graph.js';
import { createNetwork, type NetworkSpec } from '../../../src/nets/registry.js';
import { elementCount, type Tensor, tensor } from '../../../src/onnx/tensor.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { stream } from '../../../src/util/random.js';

type Networks = readonly (string | NetworkSpec)[];
type Settings = Readonly<Record<string, unknown>>;

const resNet = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] } as const;
const rows = [
  [1, 8, 1, 1],
  [2, 8, 2, 2],
] as const;
const mobileNetV2 = {
  family: 'mobilenetv2',
  settings_t_c_n_s: rows,
  stem: 8,
  stem_stride: 1,
  last: 16,
  dropout: 0.2,
} as const;
const wider = { ...resNet, widths: [4, 6] } as const;

/** A small network of each family, by what is special about it. */
export const FAMILIES: Readonly<Record<string, Networks>> = {
  'resnet-cifar': [resNet, resNet],
  'wide-resnet with dropout': [{ family: 'wide-resnet', depth: 10, widen_factor: 1, dropout: 0.3 }],
  'resnet with basic blocks, with a pooling of maxima': [
    { family: 'resnet', block: 'basic', blocks: [1, 1], width: 4 },
  ],
  'resnet with bottlenecks': [{ family: 'resnet', block: 'bottleneck', blocks: [1, 1], width: 4, stem: 'cifar' }],
  mobilenet_v2: [mobileNetV2],
  mobilenet_v3: [{ family: 'mobilenetv3', size: 'small', stem: 'cifar' }],
};

const adamw = { name: 'adamw' } as const;

/** What a step may be asked for. */
export const SETTINGS: Readonly<Record<string, { settings?: Settings; options?: Partial<StepOptions> }>> = {
  'the rule argmin and label smoothing': { settings: { rule: 'argmin', labelSmoothing: 0.1 } },
  'the rule all-better and a temperature': { settings: { rule: 'all-better', temperature: 2 } },
  'the rule top-k and features': { settings: { rule: 'top-k', topK: 1, beta: 0.5 } },
  'the rule all': { settings: { rule: 'all' } },
  'the rule none': { settings: { rule: 'none' } },
  'a frozen teacher': { settings: { teacher: { model: 'teacher.onnx', weight: 1, temperature: 4 } } },
  'any number of classes an image': { settings: { task: 'multi-label' } },
  'AdamW, a moving average and clipped gradients': { settings: { optimizer: adamw, ema: 0.9, clipNorm: 0.5 } },
  'AdamW without decay of biases, rates by depth': {
    settings: { optimizer: adamw, normWeightDecay: false, layerDecay: 0.5 },
  },
  'accumulated gradients and a moving average': { settings: { accumulate: 2, ema: 0.9 } },
  'plain SGD': { settings: { optimizer: { name: 'sgd', momentum: 0 } } },
  'mixed images': { options: { mixed: true } },
  'images of each network’s own': { options: { ownInputs: true } },
  'images without labels': { options: { unlabelled: 2 } },
  'weights of classes': { options: { classWeights: [1, 2, 3, 4, 5] } },
};

export const PROJECTED = {
  networks: [resNet, wider],
  settings: { rule: 'all', beta: 0.1, featureProjection: true },
} as const;

export interface DeviceStep {
  readonly source: StatefulGraph;
  readonly state: ReadonlyMap<string, Tensor>;
  /** What is fed in the k-th step. */
  feeds(k: number): Record<string, Tensor>;
}

export interface Sizes {
  readonly batch: number;
  readonly size: number;
  readonly classes: number;
}

const TINY: Sizes = { batch: 4, size: 8, classes: 5 };

/** The step of some networks, with a state to begin with and random batches. */
export function stepOf(
  networks: Networks,
  settings: Settings = {},
  options: Partial<StepOptions> = {},
  sizes: Sizes = TINY,
): DeviceStep {
  const { batch, size, classes } = sizes;
  const parsed = parseSettings({ nets: [...networks], batchSize: batch, ...settings });
  const graphs = networks.map((net) => createNetwork(net, { classes, channels: 3, height: size, width: size }));
  const step = buildStep(graphs, stepSettingsOf(parsed), { batch, ...options });
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const state = initialState({ graphs, networks: [] }, step, 3);
  return { source, state, feeds: (k) => feedsOf(source, classes, k) };
}

/** Scalars of optimizers and of mixing; the others are normal, labels any class, a multi-label target 0 or 1. */
const SCALARS: Readonly<Record<string, number>> = {
  learning_rate: 0.05,
  decay: 0.999,
  step_size: 0.01,
  denominator_scale: 3,
};

function feedsOf({ graph }: StatefulGraph, classes: number, k: number): Record<string, Tensor> {
  const random = stream(11, 'batch', k);
  const make = (name: string, dtype: string, rank: number): number => {
    if (dtype === 'int64') return random.below(classes);
    if (name === 'updates') return k % 2;
    if (rank === 0) return SCALARS[name] ?? random.uniform();
    if (name.endsWith('.uniform')) return random.uniform();
    return /labels|partners/.test(name) ? random.below(2) : random.normal();
  };
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const dims = shape as readonly number[];
      const values = Array.from({ length: elementCount(dims) }, () => make(name, dtype, dims.length));
      return [name, tensor(dtype, dims, values)];
    }),
  );
}
