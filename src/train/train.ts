import { isDeepStrictEqual } from 'node:util';
import type { Split } from '../data/dataset.js';
import type { Preprocessing } from '../data/preprocess.js';
import { summarise } from '../data/summary.js';
import { datasetWarnings } from '../data/warnings.js';
import { exportRun } from '../export/export-run.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { fail, present } from '../util/error.js';
import { describeMachine } from '../util/machine.js';
import { AGON_VERSION } from '../util/version.js';
import { leftOverMessage, settleBatchSize, settledMessage } from './batch-size.js';
import { checkResumable } from './check-engine.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { type ContextOptions, closeContext, openContext } from './context.js';
import { evaluationLoader, prepareData, type RunData } from './data.js';
import { evaluate, loadPredictors } from './evaluate.js';
import type { EvaluatedEpoch, GroupEvaluation } from './events.js';
import { createGroup, type Group } from './group.js';
import { idleSettings } from './idle-settings.js';
import { type LoopContext, trainLoop } from './loop.js';
import { openRunSources, openSources, settleNetworks } from './network-source.js';
import { presetDifferences } from './presets.js';
import { writeResult } from './result.js';
import { beginRun, removeHalfWritten, runPaths } from './run-folder.js';
import { lockRun } from './run-lock.js';
import { COMPUTING_KEYS, checkSettings, type Settings, settingsSchema } from './settings.js';
import { checkStop, Stopped } from './stop.js';

export interface TrainOptions extends ContextOptions {
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
}

/**
 * A whole run in this thread: data, graph, loop, then the winner's export and the test split. While it runs no other may
 * train in its folder.
 */
export async function train(options: TrainOptions): Promise<'finished' | 'stopped'> {
  const settings = options.resume ? options.settings : await settleNetworks(options.settings);
  checkSettings(settings);
  if (options.resume) checkResumable(settings);
  const unlock = await lockRun(options.folder);
  try {
    return await trainLocked({ ...options, settings });
  } catch (error) {
    if (error instanceof Stopped) return 'stopped';
    throw error;
  } finally {
    await unlock();
  }
}

async function trainLocked(given: TrainOptions): Promise<'finished' | 'stopped'> {
  const { folder, emit, stopRequested } = given;
  const paths = runPaths(folder);
  const resumed = given.resume ? await readCheckpoint(paths.last) : undefined;
  if (resumed) checkSameSettings(paths.last, resumed, given.settings);
  const networks = resumed ? await openRunSources(folder, given.settings) : await openSources(given.settings);
  emit({ type: 'phase', phase: 'data' });
  const normalisation = networks.artifact?.manifest.preprocessing;
  const data = await prepareData(given.settings, () => checkStop(stopRequested), normalisation, resumed?.preprocessing);
  if (resumed) checkSameData(paths.last, resumed, data);
  const images = data.dataset.train.length;
  const settings = resumed ? given.settings : settleBatchSize(given.settings, images);
  const options = { ...given, settings };
  for (const message of settledMessage(given.settings, settings, images)) emit({ type: 'warning', message });
  emit({ type: 'phase', phase: 'graph' });
  const group = createGroup(networks, data.dataset, data.preprocessing);
  const context = await openContext(options, data, group, resumed);
  try {
    if (resumed) await resumeRun(folder, context, resumed);
    else await beginRun(folder, settings, networks.artifact);
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

/** Mends what a process that was killed may have left: half a file, or lineage behind the checkpoint. */
async function resumeRun(folder: string, context: LoopContext, { position }: Checkpoint): Promise<void> {
  await removeHalfWritten(folder);
  const { lineage, training, emit } = context;
  const missing = await lineage.resumeAt(position.epoch * training.steps + position.step);
  if (missing > 0) emit({ type: 'warning', message: `${lineage.path} lacks ${missing} steps: it has a gap there` });
}

function announce({ settings, folder, emit }: TrainOptions, data: RunData, group: Group, context: LoopContext): void {
  const { channels, height, width } = data.preprocessing;
  const batches = leftOverMessage(settings, data.dataset.train.length);
  for (const message of [...datasetWarnings(data.dataset), ...batches]) emit({ type: 'warning', message });
  const totalSteps = settings.epochs * context.training.steps;
  for (const message of idleSettings(settings, { graphs: group.graphs, totalSteps, ownValidation: data.ownValidation }))
    emit({ type: 'warning', message });
  if (!data.dataset.validation && !data.dataset.test) emit({ type: 'warning', message: UNMEASURED });
  emit({
    type: 'start',
    folder,
    settings,
    presetDifferences: presetDifferences(settings),
    networks: group.networks,
    data: summarise(data.dataset),
    input: [channels, height, width],
    stepsPerEpoch: context.training.steps,
    ...(context.resumed && { resumedAt: context.resumed.position }),
    agon: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
  });
}

const UNMEASURED =
  'nothing is held out (validation 0) and there is no test split: no accuracy of this run will be known but that on its training images';

/** Evaluates the best and the last epoch, exports the winner of the best one, and leaves the result in the folder. */
async function finish({ settings, folder, emit }: TrainOptions, data: RunData, group: Group, context: LoopContext) {
  const paths = runPaths(folder);
  const { best, last, seconds } = await evaluateEpochs(settings, data, context, emit, folder);
  emit({ type: 'phase', phase: 'export' });
  const { network } = present(best.checkpoint.best, 'the best epoch');
  const winner = present(group.networks[network], 'the winner');
  const testAccuracy = best.evaluated.test?.networks[network]?.accuracy;
  const exported = await exportRun(folder, { checkpoint: 'best', ...(testAccuracy !== undefined && { testAccuracy }) });
  const epochs = { best: best.evaluated, last };
  await writeResult(paths.result, {
    settings,
    networks: [...group.networks],
    winner: network,
    ...epochs,
    seconds,
    imagesPerSecond: (settings.epochs * context.training.steps * settings.batchSize) / seconds,
    agon: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
    machine: describeMachine(),
  });
  emit({ type: 'end', winner, ...epochs, model: exported.path, parity: exported.parity });
}

/** What the networks of the best and the last checkpoint do on the validation and the test split. */
async function evaluateEpochs(
  settings: Settings,
  data: RunData,
  context: LoopContext,
  emit: ContextOptions['emit'],
  folder: string,
) {
  const paths = runPaths(folder);
  const [checkpoint, final] = [await readCheckpoint(paths.best), await readCheckpoint(paths.last)];
  const { epoch, validation, ensemble } = present(checkpoint.best, 'the best epoch');
  emit({ type: 'phase', phase: 'test' });
  const { test, validation: held } = data.dataset;
  const measure = async (tensors: Checkpoint['tensors'], split: Split): Promise<GroupEvaluation> => {
    loadPredictors(context.predictors, tensors);
    const loader = evaluationLoader(split, data.preprocessing as Preprocessing, settings);
    return evaluate(context.predictors, loader, data.preprocessing).finally(() => loader.close());
  };
  const evaluated: EvaluatedEpoch = {
    epoch,
    ...(validation && ensemble && { validation: { networks: validation, ensemble } }),
    ...(test && { test: await measure(checkpoint.tensors, test) }),
  };
  const lastEpoch = settings.epochs - 1;
  const last: EvaluatedEpoch =
    epoch === lastEpoch
      ? evaluated
      : {
          epoch: lastEpoch,
          ...(held && { validation: await measure(final.tensors, held) }),
          ...(test && { test: await measure(final.tensors, test) }),
        };
  return { best: { checkpoint, evaluated }, last, seconds: final.seconds };
}

/** Settings that don't change the numbers of a run, and where its data are: these are checked by themselves. */
const FREE = new Set<string>(['data', 'device', ...COMPUTING_KEYS]);

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
