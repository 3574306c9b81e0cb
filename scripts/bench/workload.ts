import type { StepGraph } from '../../src/distill/step.js';
import { nextName } from '../../src/distill/step.js';
import { createGroup } from '../../src/group/create-group.js';
import { createStep, type Group, initialState } from '../../src/group/group.js';
import { zooSources } from '../../src/group/network-source.js';
import { portable } from '../../src/lower/portable/portable.js';
import type { Target } from '../../src/lower/target.js';
import type { NetworkSpec } from '../../src/nets/registry.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { createOptimizer } from '../../src/optim/optimizer.js';
import { parseDevice } from '../../src/runtime/device.js';
import type { StepRunner } from '../../src/runtime/step-runner.js';
import { Stepper } from '../../src/runtime/stepping/stepper.js';
import { parseSettings, type Settings } from '../../src/settings/settings.js';
import { stream } from '../../src/util/random.js';

/** What is measured: networks on batches of one size. Plain data, so that a child process can be given it. */
export interface Workload {
  readonly nets: readonly (string | NetworkSpec)[];
  readonly batch: number;
  readonly size: number;
  readonly classes: number;
  readonly threads: number;
  readonly device: string;
  /** The portable lowering in place of the device's own. */
  readonly portable: boolean;
  /** Whether forms are timed that the tuner doesn't know yet. */
  readonly tune: boolean;
}

/** A workload's graphs, in semantic operators. */
export interface Built {
  readonly workload: Workload;
  readonly settings: Settings;
  readonly group: Group;
  readonly step: StepGraph;
}

const SEED = 0;

/** The graphs of a workload, by way of a run's own settings; the optimizer is torch_step.py's. */
export function build(workload: Workload): Built {
  const settings = parseSettings({
    nets: workload.nets,
    batchSize: workload.batch,
    device: workload.device,
    threads: workload.threads,
    seed: SEED,
    optimizer: { name: 'sgd', lr: 0.01, momentum: 0.9, weightDecay: 5e-4, nesterov: true },
  });
  const classes = Array.from({ length: workload.classes }, (_, i) => `class ${i}`);
  const { size } = workload;
  const group = createGroup(zooSources(settings.nets), { classes, channels: 3 }, { height: size, width: size });
  return { workload, settings, group, step: createStep(group, settings) };
}

/** The lowering that training would choose; it times forms that the tuner doesn't know yet, if it may. */
export async function choose({ workload, step }: Built): Promise<Target> {
  if (workload.portable) return portable;
  const { device, threads, tune } = workload;
  const parsed = parseDevice(device);
  return (await parsed.kind.chooseTarget(step.graph, parsed, { threads, tune })).target;
}

/** A session for the step, opened as training opens it; its state is not loaded. */
export function open({ workload, step }: Built, target: Target): Promise<Stepper> {
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  return Stepper.open(source, { device: parseDevice(workload.device), threads: workload.threads, target });
}

/** Loads the initial parameters. */
export function loadInitial({ group, step }: Built, stepper: Pick<StepRunner, 'load'>): void {
  stepper.load(initialState(group, step, SEED));
}

/** Normal images [batch, 3, size, size] and uniform labels. */
export function randomBatch({ batch, size, classes }: Workload): { images: Float32Array; labels: Int32Array } {
  const random = stream(SEED, 'bench');
  const images = Float32Array.from({ length: batch * 3 * size * size }, () => random.normal());
  return { images, labels: Int32Array.from({ length: batch }, () => random.below(classes)) };
}

/** All that a step is fed, made anew for every step as the training loop does. */
export function feedsFor(
  { settings, step, workload }: Built,
  { images, labels }: { readonly images: Float32Array; readonly labels: Int32Array },
  count: number,
): Record<string, Tensor> {
  const { batch, size } = workload;
  const feeds: Record<string, Tensor> = {
    images: tensor('float32', [batch, 3, size, size], images),
    labels: tensor('int64', [batch], BigInt64Array.from(labels, BigInt)),
  };
  const scalars = createOptimizer(settings.optimizer).scalarsAt(settings.optimizer.lr, count + 1);
  for (const [name, value] of Object.entries(scalars)) feeds[name] = tensor('float32', [], [value]);
  for (const { name, shape } of step.uniforms) {
    const random = stream(SEED, 'uniform', name, count);
    const length = (shape as number[]).reduce((n, dim) => n * dim, 1);
    feeds[name] = tensor(
      'float32',
      shape as number[],
      Float32Array.from({ length }, () => random.uniform()),
    );
  }
  return feeds;
}
