import { performance } from 'node:perf_hooks';
import { POOLS } from '../data/perturb/pools.js';
import type { Emit, RunDevice, RunMemory } from '../events/events.js';
import type { Origin } from '../events/origin-schema.js';
import type { Graph } from '../graph/graph.js';
import { dropsOptimizerState, type Group, initialState, updatesBefore } from '../group/group.js';
import type { OpenPeer } from '../group/placed.js';
import { LineageFile } from '../lineage/lineage-file.js';
import { parseDevice } from '../runtime/device.js';
import { type FreeMemory, freeMemory } from '../runtime/memory/free-memory.js';
import type { Predictor } from '../runtime/predictor.js';
import { updatesIn } from '../settings/learning-rate.js';
import type { DataPaths } from '../settings/setting-paths.js';
import type { Settings } from '../settings/settings.js';
import { spanAt } from '../settings/spans.js';
import { type Checkpoint, writeCheckpoint } from '../store/checkpoint.js';
import { runPaths } from '../store/run-folder.js';
import { CheckpointSaver } from '../train/checkpoint-saver.js';
import type { RunData } from '../train/data.js';
import { openEngine } from '../train/engine.js';
import { openInputs } from '../train/inputs.js';
import { LearningRates } from '../train/learning-rates.js';
import type { LoopContext } from '../train/loop.js';
import { estimateMemory } from '../train/memory.js';
import { ParameterPerturbation, type PerturbationSource } from '../train/parameter-perturbation.js';
import { Stopped } from '../train/stop.js';
import { settleAll } from '../util/concurrency.js';
import { memoryNotes } from './memory.js';
import { secondsBetweenCheckpoints } from './peers.js';

export interface ContextOptions {
  readonly settings: Settings;
  /** What its devices are, as far as they are GPUs. */
  readonly devices?: readonly RunDevice[] | undefined;
  /** The run's folder, prepared. */
  readonly folder: string;
  readonly emit: Emit;
  readonly stopRequested: () => boolean;
  /** The way to peers, where settings may name some. */
  readonly openPeer?: OpenPeer | undefined;
  /** Whether the stop that was asked for is one without a checkpoint. */
  readonly abandoned?: () => boolean;
  /** Returns when all events have been handled: what follows from them, as the log, is never behind a checkpoint. */
  readonly waitForListener?: () => void;
  /** How much memory is free (`freeMemory`). */
  readonly freeMemory?: () => FreeMemory;
  /** Whether the run ends with an assessment of its best epoch (true). */
  readonly report?: boolean | undefined;
  /** Where the data of its settings are on this machine, if elsewhere than the settings say. */
  readonly dataPaths?: DataPaths | undefined;
  /** Fails where the folder is another training's by now; called before a checkpoint is written. */
  readonly checkLock?: () => Promise<void>;
}

/** What is known when a run's steps begin: what it is about, and how far it has come. */
export interface RunStart {
  readonly data: RunData;
  readonly group: Group;
  /** What the run goes on from. */
  readonly resumed: Checkpoint | undefined;
  /** Where its networks began, if that was another run. */
  readonly from?: Origin | undefined;
}

/** What the loop works with, as a run in Node.js has it. */
export interface RunContext extends LoopContext {
  readonly predictors: readonly Predictor[];
  readonly lineage: LineageFile;
}

/** Opens all that the loop works with for the epochs that come next: sessions, loaders, and the state to begin with. Writes nothing. */
export async function openContext(options: ContextOptions, start: RunStart): Promise<RunContext> {
  const { settings, folder, emit, stopRequested, openPeer } = options;
  const { data, group, resumed, from } = start;
  const { dataset, fingerprint, preprocessing } = data;
  const paths = runPaths(folder);
  const span = spanAt(settings, resumed?.position.epoch ?? 0);
  const inputs = await openInputs({ ...options, ...start }, span);
  const { step, training } = inputs;
  const stepsPerEpoch = training.steps;
  // Layers that join in begin with an optimizer that has seen nothing, and so do the others
  const joins = resumed && span.begin > 0 && resumed.position.epoch === span.begin && resumed.position.step === 0;
  const before = joins ? { ...group, weights: { tensors: resumed.tensors, updates: 0, where: paths.last } } : group;
  const begin = resumed && !joins ? resumed.tensors : initialState(before, step, settings.seed);
  if (!resumed && dropsOptimizerState(group, step)) {
    const where = group.weights?.where;
    const message = `the optimizer state in ${where} is not that of ${settings.optimizer.name}, which begins without one`;
    emit({ type: 'warning', message });
  }
  const forms = joins ? undefined : resumed?.forms;
  let memory: RunMemory | undefined;
  const onLowered = (lowered: Graph) => {
    const known = !parseDevice(settings.device).kind.isGpu;
    const free = known ? { free: (options.freeMemory ?? freeMemory)() } : {};
    memory = { estimated: estimateMemory(lowered, settings, { group: { graphs: inputs.trained }, data }), ...free };
    for (const message of memoryNotes(memory, settings, resumed !== undefined)) emit({ type: 'warning', message });
  };
  const engine = await openEngine({
    settings,
    group,
    step,
    plan: inputs.plan,
    stepsPerEpoch,
    resumed,
    forms,
    begin,
    emit,
    openPeer,
    onLowered,
  });
  const { stepper, state } = engine;
  try {
    stepper.load(begin, resumed && paths.last);
  } catch (error) {
    await stepper.close();
    throw error;
  }
  const seen = span.begin > 0 ? -updatesIn(settings, span.begin * stepsPerEpoch) : updatesBefore(group, step);
  const origin = resumed ? resumed.origin : from;
  const source = { graphs: inputs.trained, state, stepper, updatesBefore: seen };
  const lineage = new LineageFile(paths.lineage, {
    networks: group.networks.map(({ name }) => name),
    stepsPerEpoch,
    operations: settings.inputPerturbation ? Object.keys(POOLS[settings.inputPerturbation.pool]) : [],
    ...(origin && { origin }),
  });
  const now = () => performance.now() / 1000;
  return {
    settings,
    networks: group.networks,
    input: preprocessing,
    uniforms: step.uniforms.map(({ name, shape }) => ({ name, shape: shape.map(Number) })),
    teacher: inputs.teacher,
    updatesBefore: seen,
    stepper,
    burst: engine.burst,
    perturbation: openPerturbation(settings, { ...source, totalSteps: span.end * stepsPerEpoch }, resumed),
    fixed: inputs.fixed,
    predictors: inputs.predictors,
    training,
    memory,
    rates: new LearningRates(settings, stepsPerEpoch, resumed?.plateau),
    validation: dataset.validation && inputs.evaluation('validation'),
    evaluation: inputs.evaluation,
    span,
    lineage,
    constants: {
      settings,
      classes: [...dataset.classes],
      stepsPerEpoch,
      dataFingerprint: fingerprint,
      preprocessing,
      forms: engine.forms,
      ...(origin && { origin }),
    },
    resumed,
    emit,
    now,
    stopRequested,
    saver: new CheckpointSaver({
      saveLast: async (checkpoint) => {
        await beforeCheckpoint(options);
        await lineage.flush();
        await writeCheckpoint(paths.last, checkpoint);
      },
      saveBest: async (checkpoint) => {
        await beforeCheckpoint(options);
        await writeCheckpoint(paths.best, checkpoint);
      },
      seconds: span.onFeatures ? SECONDS_BETWEEN_CHECKPOINTS : 0,
      within: secondsBetweenCheckpoints(settings),
      resumed: resumed !== undefined,
      now,
    }),
  };
}

/** Of a run on features, an epoch of which is shorter than a checkpoint takes to be written. */
const SECONDS_BETWEEN_CHECKPOINTS = 2;

async function beforeCheckpoint({ abandoned, waitForListener, checkLock }: ContextOptions): Promise<void> {
  if (abandoned?.()) throw new Stopped('the run was asked to stop without a checkpoint');
  waitForListener?.();
  await checkLock?.();
}

/** Closes all of it, also where a part fails to; then it throws what that part threw. */
export async function closeContext(context: RunContext): Promise<void> {
  const { stepper, predictors, training, validation, teacher } = context;
  try {
    await settleAll([training.close(), validation?.close()]);
  } finally {
    await settleAll([stepper, teacher, ...predictors].map((each) => each?.close()));
  }
}

function openPerturbation(
  { parameterPerturbation, seed, optimizer }: Settings,
  source: PerturbationSource,
  resumed: Checkpoint | undefined,
): ParameterPerturbation | undefined {
  if (!parameterPerturbation) return undefined;
  return new ParameterPerturbation({ ...parameterPerturbation, ...source, seed, optimizer }, resumed);
}
