import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import type { Preprocessing } from '../data/preprocess.js';
import { summarise } from '../data/summary.js';
import { exportRun } from '../export/export-run.js';
import { parseDevice } from '../runtime/device.js';
import { chooseTarget } from '../runtime/target.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { fail, present } from '../util/error.js';
import { AGON_VERSION } from '../util/version.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { evaluationLoader, prepareData, type RunData, trainingLoader } from './data.js';
import { evaluate, loadPredictors } from './evaluate.js';
import type { Emit, Evaluation } from './events.js';
import { createGroup, createStep, type Group, initialState, openPredictors, openStepper } from './group.js';
import { type LoopContext, trainLoop } from './loop.js';
import { beginRun, removeHalfWritten, runPaths } from './run-folder.js';
import { checkSettings, type Settings, settingsSchema } from './settings.js';

export interface TrainOptions {
  readonly settings: Settings;
  /** The run's folder, prepared. */
  readonly folder: string;
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
  readonly emit: Emit;
  readonly stopRequested: () => boolean;
}

/** A whole run in this thread: data, graph, loop, then the winner's export and the test split. */
export async function train(options: TrainOptions): Promise<'finished' | 'stopped'> {
  const { settings, folder, emit } = options;
  checkSettings(settings);
  const paths = runPaths(folder);
  const resumed = options.resume ? await readCheckpoint(paths.last) : undefined;
  if (resumed) checkSameSettings(paths.last, resumed, settings);
  emit({ type: 'phase', phase: 'data' });
  const data = await prepareData(settings);
  if (resumed) checkSameData(paths.last, resumed, data);
  emit({ type: 'phase', phase: 'graph' });
  const group = createGroup(settings, data.dataset, data.preprocessing);
  const context = await openContext(options, data, group, resumed);
  try {
    if (resumed) await removeHalfWritten(folder);
    else await beginRun(folder, settings);
    announce(options, data, group, context);
    const stoppedAt = await trainLoop(context);
    if (stoppedAt) {
      emit({ type: 'stop', ...stoppedAt, checkpoint: paths.last });
      return 'stopped';
    }
    await finish(options, data, group, context);
    return 'finished';
  } finally {
    await closeContext(context);
  }
}

async function openContext(
  { settings, folder, emit, stopRequested }: TrainOptions,
  data: RunData,
  group: Group,
  resumed: Checkpoint | undefined,
): Promise<LoopContext> {
  const { dataset, preprocessing, fingerprint } = data;
  const paths = runPaths(folder);
  const training = trainingLoader(data, settings);
  const validation = evaluationLoader(dataset.validation, preprocessing, settings);
  const step = createStep(group, settings);
  const chosen = await chooseTarget(step.graph, {
    device: parseDevice(settings.device),
    threads: settings.threads,
    tune: settings.tune,
    forms: resumed?.forms,
    onTune: () => emit({ type: 'phase', phase: 'tune' }),
  });
  if (chosen.note) emit({ type: 'warning', message: chosen.note });
  const stepper = await openStepper(step, settings, chosen);
  if (resumed) stepper.load(resumed.tensors, paths.last);
  else stepper.load(initialState(group, step, settings.seed));
  return {
    settings,
    networks: group.networks,
    input: preprocessing as Checkpoint['preprocessing'],
    uniforms: step.uniforms.map(({ name, shape }) => ({ name, shape: shape as number[] })),
    stepper,
    predictors: await openPredictors(group, settings),
    training,
    validation,
    constants: {
      settings,
      classes: [...dataset.classes],
      dataFingerprint: fingerprint,
      preprocessing: preprocessing as Checkpoint['preprocessing'],
      forms: chosen.forms,
    },
    resumed,
    emit,
    now: () => performance.now() / 1000,
    stopRequested,
    saveLast: (checkpoint) => writeCheckpoint(paths.last, checkpoint),
    saveBest: (checkpoint) => writeCheckpoint(paths.best, checkpoint),
  };
}

async function closeContext({ stepper, predictors, training, validation }: LoopContext): Promise<void> {
  await Promise.all([training.close(), validation.close()]);
  await stepper.close();
  for (const predictor of predictors) await predictor.close();
}

function announce({ settings, folder, emit }: TrainOptions, data: RunData, group: Group, context: LoopContext): void {
  const { channels, height, width } = data.preprocessing;
  for (const { path, reason } of data.dataset.skipped.slice(0, 10))
    emit({ type: 'warning', message: `skipped ${path}: ${reason}` });
  const more = data.dataset.skipped.length - 10;
  if (more > 0) emit({ type: 'warning', message: `skipped ${more} more files (see \`agon data\`)` });
  emit({
    type: 'start',
    folder,
    settings,
    networks: group.networks,
    data: summarise(data.dataset),
    input: [channels, height, width],
    stepsPerEpoch: context.training.steps,
    ...(context.resumed && { resumedAt: context.resumed.position }),
    agon: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
  });
}

/** Exports the winner of the best epoch and evaluates all networks of that epoch on the test split. */
async function finish(
  { settings, folder, emit }: TrainOptions,
  data: RunData,
  group: Group,
  context: LoopContext,
): Promise<void> {
  const { tensors, best } = await readCheckpoint(runPaths(folder).best);
  const { epoch, network, validation } = present(best, 'the best epoch');
  loadPredictors(context.predictors, tensors);
  const { test: split } = data.dataset;
  let test: Evaluation[] | undefined;
  if (split) {
    emit({ type: 'phase', phase: 'test' });
    const loader = evaluationLoader(split, data.preprocessing as Preprocessing, settings);
    test = await evaluate(context.predictors, loader, data.preprocessing).finally(() => loader.close());
  }
  emit({ type: 'phase', phase: 'export' });
  const exported = await exportRun(folder, {
    checkpoint: 'best',
    ...(test && { testAccuracy: test[network]?.accuracy }),
  });
  emit({
    type: 'end',
    winner: present(group.networks[network], 'the winner'),
    bestEpoch: epoch,
    validation: present(validation[network], 'its validation'),
    ...(test && { test }),
    model: exported.path,
    parity: exported.parity,
  });
}

/** Settings that don't change the numbers of a run, and where its data are: these are checked by themselves. */
const FREE = new Set<string>(['data', 'device', 'threads', 'workers', 'tune']);

function checkSameSettings(path: string, { settings: own }: Checkpoint, settings: Settings): void {
  const keys = Object.keys(settingsSchema.shape) as (keyof Settings)[];
  const changed = keys.find((key) => !FREE.has(key) && !isDeepStrictEqual(own[key], settings[key]));
  if (!changed) return;
  fail(path, `setting "${changed}" is not the one of the run in this folder`, {
    expected: JSON.stringify(settings[changed]),
    got: JSON.stringify(own[changed]),
    hint: 'A run goes on with the settings that it began with',
  });
}

function checkSameData(path: string, { dataFingerprint, classes, preprocessing }: Checkpoint, data: RunData): void {
  const hint = 'Restore them, or start a new run';
  if (dataFingerprint !== data.fingerprint) {
    fail(path, 'the data have changed since the run began', {
      expected: `${classes.length} classes, fingerprint ${dataFingerprint}`,
      got: `${data.dataset.classes.length} classes, fingerprint ${data.fingerprint}`,
      hint,
    });
  }
  if (isDeepStrictEqual(preprocessing, data.preprocessing)) return;
  fail(path, 'the images have changed since the run began: their size or statistics', {
    expected: JSON.stringify(preprocessing),
    got: JSON.stringify(data.preprocessing),
    hint,
  });
}
