import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { buildStep, STEP_DEFAULTS, type StepGraph, type StepSettings } from '../../src/distill/step.js';
import { TEACHER_RULES } from '../../src/distill/teachers.js';
import type { Precision } from '../../src/distill/tuning-schema.js';
import type { Graph } from '../../src/graph/graph.js';
import type { Initialiser } from '../../src/graph/initialiser.js';
import { createNetworkFromFixture } from '../../src/nets/registry.js';
import { readSafetensors } from '../../src/onnx/safetensors.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { createOptimizer, type OptimizerSettings } from '../../src/optim/optimizer.js';
import { fail } from '../../src/util/error.js';
import { exposeSides } from './sides.js';

/** The tensor with the final network's logits in inference form. */
export const EVALUATION = 'eval.logits';

const optimizer = z.discriminatedUnion('name', [
  z.object({
    name: z.literal('sgd'),
    lr: z.number(),
    momentum: z.number(),
    weight_decay: z.number(),
    nesterov: z.boolean(),
  }),
  z.object({
    name: z.literal('adamw'),
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
  }),
]);

const step = z.object({
  ce: z.array(z.number()),
  kl: z.array(z.number()),
  feature: z.array(z.number()),
  total: z.array(z.number()),
  teacher: z.number(),
});

const metadata = z.object({
  kind: z.enum(['single', 'competition']),
  nets: z.array(z.unknown()).min(1),
  optimizer,
  classes: z.number(),
  batch: z.number(),
  steps: z.number(),
  label_smoothing: z.number().default(0),
  rule: z.enum(TEACHER_RULES).default('none'),
  top_k: z.number().default(1),
  alpha: z.number().default(1),
  beta: z.number().default(0),
  temperature: z.number().default(1),
  loss: z.array(z.number()).optional(),
  log: z.array(step).optional(),
});

/**
 * A file of golden numbers: its settings, tensors, and the step graph that has to reproduce them. Among the graph's outputs are
 * those that tell the sides of its kinks.
 */
export interface Golden {
  readonly path: string;
  readonly settings: z.infer<typeof metadata>;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly networks: readonly Graph[];
  readonly step: StepGraph;
}

/** Reads a golden file (a safetensors file whose `__metadata__` holds the settings as JSON values), for a step of some precision. */
export async function readGolden(path: string, precision: Precision = 'float32'): Promise<Golden> {
  const { tensors, metadata: texts } = readSafetensors(await readFile(path), path);
  const parsed = metadata.safeParse(
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, JSON.parse(text)])),
  );
  if (!parsed.success) fail(path, `not a file of golden numbers: ${z.prettifyError(parsed.error)}`);
  const settings = parsed.data;
  const x = tensors.get('data.x') ?? fail(path, 'tensor "data.x" is missing');
  const [channels, height, width] = x.dims.slice(2) as [number, number, number];
  const image = { channels, height, width };
  const networks = settings.nets.map((spec) => createNetworkFromFixture(spec, settings.classes, image));
  const graph = buildStep(
    networks,
    { ...stepSettings(settings), precision },
    {
      batch: settings.batch,
      exposeGradients: true,
      exposeLogits: true,
    },
  );
  exposeSides(graph.graph);
  return { path, settings, tensors, networks, step: graph };
}

/** The state that the file starts from, under the step's names; the optimizer's as it begins. */
export function initialState({ path, settings, tensors, step }: Golden): Map<string, Tensor> {
  const state = new Map<string, Tensor>();
  for (const name of step.state) {
    const { value, role, initialiser } = step.graph.parameters.get(name) ?? fail(path, `"${name}" is no parameter`);
    const stored = `init.${settings.kind === 'single' ? name.replace('net0.', '') : name}`;
    const dims = value.shape as number[];
    state.set(
      name,
      role === 'optimizer'
        ? constant(dims, initialiser)
        : (tensors.get(stored) ?? fail(path, `tensor "${stored}" is missing`)),
    );
  }
  return state;
}

function constant(dims: readonly number[], initialiser: Initialiser): Tensor {
  const value = initialiser.kind === 'constant' ? initialiser.value : Number.NaN;
  return tensor('float32', dims, new Float32Array(dims.reduce((n, dim) => n * dim, 1)).fill(value));
}

/** The images and labels of the k-th step. */
export function batchOf({ path, tensors }: Golden, k: number): { images: Tensor; labels: Tensor } {
  const [x, y] = ['data.x', 'data.y'].map((name) => tensors.get(name) ?? fail(path, `tensor "${name}" is missing`)) as [
    Tensor,
    Tensor,
  ];
  const part = <T extends Float32Array | BigInt64Array>(data: T, steps: number) => {
    const size = data.length / steps;
    return data.subarray(k * size, (k + 1) * size) as T;
  };
  const steps = x.dims[0] as number;
  return {
    images: tensor('float32', x.dims.slice(1), part(x.data as Float32Array, steps)),
    labels: tensor('int64', y.dims.slice(1), part(y.data as BigInt64Array, steps)),
  };
}

/** The optimizer's scalars in the k-th step. */
export function scalarsOf({ settings, step }: Golden, k: number): Map<string, number> {
  const optimizer = createOptimizer(optimizerSettings(settings));
  const known = new Set(step.graph.inputs.map(({ name }) => name));
  const scalars = { ...optimizer.scalarsAt(settings.optimizer.lr, k + 1), ...optimizer.skips?.scalarsAt(k + 1) };
  return new Map(Object.entries(scalars).filter(([name]) => known.has(name)));
}

function optimizerSettings({ optimizer: given }: Golden['settings']): OptimizerSettings {
  const { weight_decay: weightDecay, ...rest } = given;
  return { ...rest, weightDecay } as OptimizerSettings;
}

function stepSettings(settings: Golden['settings']): StepSettings {
  return {
    ...STEP_DEFAULTS,
    rule: settings.rule,
    topK: settings.top_k,
    alpha: settings.alpha,
    beta: settings.beta,
    temperature: settings.temperature,
    labelSmoothing: settings.label_smoothing,
    optimizer: optimizerSettings(settings),
  };
}
