import { performance } from 'node:perf_hooks';
import { POOLS } from '../data/perturb/pools.js';
import type { Emit, RunMemory } from '../events/events.js';
import type { Origin } from '../events/origin-schema.js';
import type { Graph } from '../graph/graph.js';
import {
  createStep,
  dropsOptimizerState,
  type Group,
  initialState,
  openPredictors,
  updatesBefore,
} from '../group/group.js';
import { LineageFile } from '../lineage/lineage-file.js';
import { parseDevice } from '../runtime/device.js';
import { type FreeMemory, freeMemory } from '../runtime/memory/free-memory.js';
import { classWeightsOf } from '../settings/class-weights.js';
import type { Settings } from '../settings/settings.js';
import { type Checkpoint, writeCheckpoint } from '../store/checkpoint.js';
import { runPaths } from '../store/run-folder.js';
import { evaluationLoader, type RunData, trainingLoader } from '../train/data.js';
import { openEngine } from '../train/engine.js';
import { openTeacher } from '../train/frozen-teacher.js';
import { LearningRates } from '../train/learning-rates.js';
import type { LoopContext } from '../train/loop.js';
import { estimateMemory } from '../train/memory.js';
import { ParameterPerturbation, type PerturbationSource } from '../train/parameter-perturbation.js';
import { Stopped, stoppable } from '../train/stop.js';
import { memoryNotes } from './memory.js';

export interface ContextOptions {
  readonly settings: Settings;
  /** The run's folder, prepared. */
  readonly folder: string;
  readonly emit: Emit;
  readonly stopRequested: () => boolean;
  /** Whether the stop that was asked for is one without a checkpoint. */
  readonly abandoned?: () => boolean;
  /** Returns when all events have been handled: what follows from them, as the log, is never behind a checkpoint. */
  readonly waitForListener?: () => void;
  /** How much memory is free (`freeMemory`). */
  readonly freeMemory?: () => FreeMemory;
  /** Fails where the folder is another training's by now; called before a checkpoint is written. */
  readonly checkLock?: () => Promise<void>;
}

/** Opens all that the loop works with: sessions, loaders, and the state to begin with. Writes nothing. */
export async function openContext(
  options: ContextOptions,
  data: RunData,
  group: Group,
  resumed: Checkpoint | undefined,
  from?: Origin,
): Promise<LoopContext> {
  const { settings, folder, emit, stopRequested } = options;
  const { dataset, fingerprint } = data;
  const preprocessing = data.preprocessing;
  const paths = runPaths(folder);
  const teacher = await openTeacher(settings, data);
  for (const message of teacher?.notes ?? []) emit({ type: 'warning', message });
  const training = trainingLoader(data, settings);
  const step = createStep(group, settings, classWeightsOf(settings, dataset));
  const begin = resumed?.tensors ?? initialState(group, step, settings.seed);
  if (!resumed && dropsOptimizerState(group, step)) {
    const where = group.weights?.where;
    const message = `the optimizer state in ${where} is not that of ${settings.optimizer.name}, which begins without one`;
    emit({ type: 'warning', message });
  }
  const stepsPerEpoch = training.steps;
  let memory: RunMemory | undefined;
  const onLowered = (lowered: Graph) => {
    const known = parseDevice(settings.device).kind.name === 'cpu';
    const free = known ? { free: (options.freeMemory ?? freeMemory)() } : {};
    memory = { estimated: estimateMemory(lowered, settings, { group, data }), ...free };
    for (const message of memoryNotes(memory, settings, resumed !== undefined)) emit({ type: 'warning', message });
  };
  const engine = await openEngine({ settings, group, step, stepsPerEpoch, resumed, begin, emit, onLowered });
  const { stepper, state, forms } = engine;
  stepper.load(begin, resumed && paths.last);
  const seen = updatesBefore(group, step);
  const origin = resumed ? resumed.origin : from;
  const source = { graphs: group.graphs, state, stepper, updatesBefore: seen };
  const lineage = new LineageFile(paths.lineage, {
    networks: group.networks.map(({ name }) => name),
    stepsPerEpoch,
    operations: settings.inputPerturbation ? Object.keys(POOLS[settings.inputPerturbation.pool]) : [],
    ...(origin && { origin }),
  });
  return {
    settings,
    networks: group.networks,
    input: preprocessing,
    uniforms: step.uniforms.map(({ name, shape }) => ({ name, shape: shape.map(Number) })),
    teacher,
    updatesBefore: seen,
    stepper,
    perturbation: openPerturbation(settings, { ...source, totalSteps: settings.epochs * stepsPerEpoch }, resumed),
    predictors: await openPredictors(group, settings),
    training,
    memory,
    rates: new LearningRates(settings, stepsPerEpoch, resumed?.plateau),
    validation:
      dataset.validation && stoppable(evaluationLoader(dataset.validation, preprocessing, settings), stopRequested),
    lineage,
    constants: {
      settings,
      classes: [...dataset.classes],
      stepsPerEpoch,
      dataFingerprint: fingerprint,
      preprocessing,
      forms,
      ...(origin && { origin }),
    },
    resumed,
    emit,
    now: () => performance.now() / 1000,
    stopRequested,
    saveLast: async (checkpoint) => {
      await beforeCheckpoint(options);
      await lineage.flush();
      await writeCheckpoint(paths.last, checkpoint);
    },
    saveBest: async (checkpoint) => {
      await beforeCheckpoint(options);
      await writeCheckpoint(paths.best, checkpoint);
    },
  };
}

async function beforeCheckpoint({ abandoned, waitForListener, checkLock }: ContextOptions): Promise<void> {
  if (abandoned?.()) throw new Stopped('the run was asked to stop without a checkpoint');
  waitForListener?.();
  await checkLock?.();
}

export async function closeContext(context: LoopContext): Promise<void> {
  const { stepper, predictors, training, validation, teacher } = context;
  await Promise.all([training.close(), validation?.close()]);
  await stepper.close();
  await teacher?.close();
  for (const predictor of predictors) await predictor.close();
}

function openPerturbation(
  { parameterPerturbation, seed, optimizer }: Settings,
  source: PerturbationSource,
  resumed: Checkpoint | undefined,
): ParameterPerturbation | undefined {
  if (!parameterPerturbation) return undefined;
  return new ParameterPerturbation({ ...parameterPerturbation, ...source, seed, optimizer }, resumed);
}
