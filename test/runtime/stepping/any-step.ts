import {
  buildStep,
  nextName,
  STEP_DEFAULTS,
  type StepGraph,
  type StepOptions,
  type StepSettings,
} from '../../../src/distill/step.js';
import { initialState } from '../../../src/group/group.js';
import type { StatefulGraph } from '../../../src/lower/stateful-graph.js';
import { createNetwork, type NetworkSpec } from '../../../src/nets/registry.js';
import { elementCount, type Tensor, tensor } from '../../../src/onnx/tensor.js';
import { createOptimizer } from '../../../src/optim/optimizer.js';
import { type Random, stream } from '../../../src/util/random.js';

export const BATCH = 4;
const CLASSES = 5;

/** A step of some networks, with all that it takes to run it. */
export interface AnyStep {
  readonly source: StatefulGraph;
  readonly state: ReadonlyMap<string, Tensor>;
  /** What is fed in the k-th step. */
  readonly feeds: (k: number) => Record<string, Tensor>;
}

export interface AnyStepOptions {
  readonly nets: readonly (NetworkSpec | string)[];
  readonly side?: number;
  readonly settings?: Partial<StepSettings>;
  readonly options?: Partial<StepOptions>;
}

export function anyStep({ nets, side = 8, settings = {}, options = {} }: AnyStepOptions): AnyStep {
  const whole: StepSettings = { ...STEP_DEFAULTS, ...settings };
  const graphs = nets.map((net) => createNetwork(net, { classes: CLASSES, channels: 3, height: side, width: side }));
  const step = buildStep(graphs, whole, { batch: BATCH, ...options });
  return {
    source: { graph: step.graph, state: step.state, nextOf: nextName },
    state: initialState({ graphs, networks: [] }, step, 3),
    feeds: (k) => feedsOf(step, whole, k),
  };
}

function feedsOf({ graph, uniforms }: StepGraph, settings: StepSettings, k: number): Record<string, Tensor> {
  const scalars: Record<string, number> = {
    ...createOptimizer(settings.optimizer).scalarsAt(0.05 / (k + 1), k + 1),
    updates: (k + 1) % settings.accumulate === 0 ? 1 : 0,
    lambda: 0.25 + k / 10,
  };
  const random = stream(11, 'batch', k);
  const isUniform = new Set(uniforms.map(({ name }) => name));
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const dims = shape.map(Number);
      const draw = isUniform.has(name)
        ? random.uniform
        : dtype === 'int64'
          ? () => random.below(CLASSES)
          : random.normal;
      return [name, dims.length === 0 ? tensor(dtype, [], [scalarOf(scalars, name)]) : drawn(dtype, dims, draw)];
    }),
  );
}

function scalarOf(scalars: Readonly<Record<string, number>>, name: string): number {
  const value = scalars[name];
  if (value === undefined) throw new Error(`no value for the input ${name}`);
  return value;
}

function drawn(dtype: Tensor['dtype'], dims: readonly number[], draw: Random['uniform']): Tensor {
  return tensor(dtype, dims, Array.from({ length: elementCount(dims) }, draw));
}
