import { resolve } from 'node:path';
import type { Split } from '../data/dataset/dataset.js';
import { summarise } from '../data/dataset/summary.js';
import { datasetWarnings } from '../data/dataset/warnings.js';
import type { GroupEvaluation } from '../events/evaluation.js';
import type { EpochEvent, EvaluatedEpoch, Position, StartEvent } from '../events/events.js';
import { exportRun } from '../export/export-run.js';
import { createGroup, type Group } from '../group/group.js';
import { type NetworkSources, openRunSources, openSources, settleNetworks } from '../group/network-source.js';
import { normalisationFor, pretrainedNotes } from '../group/pretrained.js';
import { checkOrtTraining } from '../ort-training/session/library.js';
import { freeMemory } from '../runtime/memory/free-memory.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { leftOverMessage, settleBatchSize, settledMessage } from '../settings/batch-size.js';
import { checkResumable } from '../settings/check-engine.js';
import { balanceNotes } from '../settings/class-weights.js';
import { idleSettings } from '../settings/idle-settings.js';
import { presetDifferences } from '../settings/presets.js';
import { absolutePaths } from '../settings/setting-paths.js';
import { checkSettings, isSettled, type RequestedSettings, type Settings } from '../settings/settings.js';
import { type Checkpoint, readCheckpoint, tensorsWithoutTrial } from '../store/checkpoint.js';
import { bestEpochOf, checkSteps } from '../store/checkpoint-check.js';
import { checkTensors } from '../store/checkpoint-tensors.js';
import { writeDataRecord } from '../store/data-record.js';
import { writeResult } from '../store/result.js';
import { beginRun, removeHalfWritten, runPaths, writeRunSettings } from '../store/run-folder.js';
import { lockRun } from '../store/run-lock.js';
import { evaluationLoader, prepareData, type RunData } from '../train/data.js';
import { endsEarly } from '../train/early-stopping.js';
import { evaluate, loadPredictors } from '../train/evaluate.js';
import { type LoopContext, trainLoop } from '../train/loop.js';
import { checkStop, Stopped, stoppable } from '../train/stop.js';
import { fail, present } from '../util/error.js';
import { describeMachine } from '../util/machine.js';
import { AGON_VERSION } from '../util/version.js';
import {
  checkDataThere,
  checkSameClasses,
  checkSameData,
  checkSameTeacher,
  digestTeacher,
  heldOutNote,
} from './check-data.js';
import { type ContextOptions, closeContext, openContext } from './context.js';
import { settleAutoBatch } from './memory.js';
import { checkResumed, scheduleNote } from './resumed-settings.js';

/** What a run is opened with, its batch size settled or not. */
export interface RequestedOptions extends Omit<ContextOptions, 'settings'> {
  readonly settings: RequestedSettings;
}

export interface TrainOptions extends RequestedOptions {
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
}

/**
 * A whole run in this thread: data, graph, loop, then the winner's export and the test split. While it runs no other may
 * train in its folder.
 */
export async function train(options: TrainOptions): Promise<'finished' | 'stopped'> {
  const settings = absolutePaths(options.resume ? options.settings : await settleNetworks(options.settings));
  checkSettings(settings);
  if (settings.engine === 'ort-training') checkOrtTraining();
  if (!options.resume) checkOrigin(options.folder, settings);
  if (options.resume) checkResumable(settings);
  const lock = await lockRun(options.folder);
  try {
    return await trainLocked({ ...options, settings, checkLock: lock.check });
  } catch (error) {
    if (error instanceof Stopped) return 'stopped';
    throw error;
  } finally {
    await lock.release();
  }
}

/** A run whose batch size is settled. */
type SettledOptions = ContextOptions & Pick<TrainOptions, 'resume'>;

async function trainLocked(given: TrainOptions): Promise<'finished' | 'stopped'> {
  const { folder, emit } = given;
  const paths = runPaths(folder);
  const resumed = given.resume ? await readCheckpoint(paths.last) : undefined;
  if (resumed) await checkGoesOn(folder, resumed, given.settings);
  const { networks, data, group, settings } = await prepareRun(given, resumed);
  const options = { ...given, settings };
  if (resumed) {
    checkTensors(paths.last, resumed, group.graphs);
    // Found damaged now, not after the last epoch
    if (resumed.best) checkTensors(paths.best, await readCheckpoint(paths.best), group.graphs);
  }
  const context = await openContext(options, data, group, resumed, networks.from?.origin);
  try {
    if (resumed) await resumeRun(folder, context, resumed);
    else await beginRun(folder, settings, networks.artifact);
    await writeDataRecord(paths.data, { content: data.content, teacher: await digestTeacher(settings) });
    for (const message of notesOf(networks, settings, data, group)) emit({ type: 'warning', message });
    announce(options, data, group, context);
    if (resumed) announceGrowth(context, resumed);
    if (resumed) announceEarlyEnd(context, resumed);
    const stoppedAt = (await trainLoop(context)) ?? (await finishUnlessStopped(options, data, group, context));
    if (!stoppedAt) return 'finished';
    emit({ type: 'stop', ...stoppedAt, checkpoint: paths.last });
    return 'stopped';
  } finally {
    await closeContext(context);
  }
}

/** A run before its step is built: its networks, its data, and settings whose batch size is settled. */
export interface PreparedRun {
  readonly networks: NetworkSources;
  readonly data: RunData;
  readonly group: Group;
  readonly settings: Settings;
}

/** Opens the networks and the data of a run, new or resumed from a checkpoint. Writes nothing. */
export async function prepareRun(given: RequestedOptions, resumed: Checkpoint | undefined): Promise<PreparedRun> {
  const { folder, emit, stopRequested } = given;
  const networks = resumed ? await openRunSources(folder, given.settings) : await openSources(given.settings);
  emit({ type: 'phase', phase: 'data' });
  const normalisation = normalisationOf(networks, given.settings, resumed);
  const data = await prepareData(given.settings, () => checkStop(stopRequested), normalisation, resumed?.preprocessing);
  if (resumed) await checkSameData(folder, resumed, data);
  if (networks.from) checkSameClasses(networks.from, data);
  emit({ type: 'phase', phase: 'graph' });
  const group = createGroup(networks, data.dataset, data.preprocessing);
  const settings = await settleBatch(given, group, data, resumed);
  return { networks, data, group, settings };
}

/** The settings of a run with the batch size that it keeps; says how that came about. */
async function settleBatch(
  { settings: given, emit, freeMemory: free = freeMemory }: RequestedOptions,
  group: Group,
  data: RunData,
  resumed: Checkpoint | undefined,
): Promise<Settings> {
  if (!isSettled(given)) {
    const { settings, note } = await settleAutoBatch(given, group, data, free());
    emit({ type: 'warning', message: note });
    return settings;
  }
  if (resumed) return given;
  const images = data.dataset.train.length;
  const settings = settleBatchSize(given, images);
  for (const message of settledMessage(given, settings, images)) emit({ type: 'warning', message });
  return settings;
}

/** How images are normalised where that isn't left to the data. What a new run takes from elsewhere, it goes on with. */
function normalisationOf(
  { from, artifact, pretrained }: NetworkSources,
  settings: RequestedSettings,
  resumed?: Checkpoint,
) {
  if (resumed && (settings.from !== null || settings.pretrained !== null)) return resumed.preprocessing;
  const given = from?.preprocessing ?? (pretrained && normalisationFor(pretrained));
  return given ?? artifact?.manifest.preprocessing ?? undefined;
}

/** What is to be said of the run, or the files of weights, that a new one begins from. */
function notesOf(
  { from, pretrained }: NetworkSources,
  settings: Settings,
  data: RunData,
  { taken = [] }: Group,
): string[] {
  if (pretrained) return pretrainedNotes(pretrained, taken, data.preprocessing);
  return from ? [from.note, heldOutNote(from, settings, data)].flatMap((note) => note ?? []) : [];
}

/** What can be said of a run that goes on before its data are read. */
async function checkGoesOn(folder: string, resumed: Checkpoint, settings: RequestedSettings): Promise<void> {
  checkResumed(runPaths(folder).last, resumed.settings, settings);
  checkDataThere(settings);
  await checkSameTeacher(folder, resumed, settings);
}

/**
 * Mends what a process that was killed may have left: half a file, or lineage behind the checkpoint. What the settings say
 * otherwise than before is what the run goes on with from now on.
 */
async function resumeRun(folder: string, context: LoopContext, resumed: Checkpoint): Promise<void> {
  const { position } = resumed;
  checkSteps(runPaths(folder).last, resumed, context.training.steps);
  await removeHalfWritten(folder);
  await writeRunSettings(folder, context.settings);
  const { lineage, training, emit } = context;
  const missing = await lineage.resumeAt(position.epoch * training.steps + position.step);
  if (missing > 0) emit({ type: 'warning', message: `${lineage.path} lacks ${missing} steps: it has a gap there` });
}

function announce({ settings, folder, emit }: SettledOptions, data: RunData, group: Group, context: LoopContext): void {
  const { channels, height, width } = data.preprocessing;
  const batches = leftOverMessage(settings, data.dataset.train.length);
  for (const message of [...datasetWarnings(data.dataset), ...batches]) emit({ type: 'warning', message });
  const totalSteps = settings.epochs * context.training.steps;
  for (const message of idleSettings(settings, { graphs: group.graphs, totalSteps, ownValidation: data.ownValidation }))
    emit({ type: 'warning', message });
  for (const message of balanceNotes(settings, data.dataset)) emit({ type: 'warning', message });
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
    ...(context.memory && { memory: context.memory }),
    ...(context.resumed && { resumedAt: context.resumed.position, ...loggedBefore(context.resumed) }),
    ...(context.constants.origin && { origin: context.constants.origin }),
    agon: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
  });
}

/** What a resumed run's log should have of its epochs. */
function loggedBefore({ epochs }: Checkpoint): Pick<StartEvent, 'finishedEpochs'> {
  return epochs ? { finishedEpochs: epochs as unknown as EpochEvent[] } : {};
}

const UNMEASURED =
  'nothing is held out (validation 0) and there is no test split: no accuracy of this run will be known but that on its training images';

/** Finishes a run; returns its end where it was stopped meanwhile: what was left is done when it goes on. */
async function finishUnlessStopped(
  options: SettledOptions,
  ...run: [data: RunData, group: Group, context: LoopContext]
): Promise<Position | undefined> {
  try {
    await finish(options, ...run);
    return undefined;
  } catch (error) {
    if (error instanceof Stopped) return (await readCheckpoint(runPaths(options.folder).last)).position;
    throw error;
  }
}

/**
 * Evaluates the best and the last epoch and leaves the result in the folder, then exports the winner of the best one: what the
 * run came to is there also where the export fails.
 */
async function finish(options: SettledOptions, data: RunData, group: Group, context: LoopContext) {
  const { settings, folder, emit, stopRequested } = options;
  const paths = runPaths(folder);
  const { best, last, seconds } = await evaluateEpochs(options, data, group, context);
  const trained = last.epoch + 1;
  const { network } = bestEpochOf(paths.best, best.checkpoint);
  const winner = present(group.networks[network], 'the winner');
  const testAccuracy = best.evaluated.test?.networks[network]?.accuracy;
  const epochs = { best: best.evaluated, last };
  await writeResult(paths.result, {
    settings,
    networks: [...group.networks],
    winner: network,
    ...epochs,
    seconds,
    imagesPerSecond: (trained * context.training.steps * settings.batchSize) / seconds,
    agon: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
    machine: describeMachine(),
  });
  emit({ type: 'phase', phase: 'export' });
  const check = () => checkStop(stopRequested);
  const accuracies = { ...(testAccuracy !== undefined && { testAccuracy }) };
  const exported = await exportRun(folder, { checkpoint: 'best', ...accuracies, check });
  const { patience, epochs: of } = settings;
  const early = trained < of && { endedEarly: { epochs: trained, of, patience } };
  emit({ type: 'end', winner, ...epochs, ...early, model: exported.path, parity: exported.parity });
}

/** What the networks of the best and the last checkpoint do on the validation and the test split. */
async function evaluateEpochs(
  { settings, folder, emit, stopRequested }: SettledOptions,
  data: RunData,
  { graphs }: Group,
  context: LoopContext,
) {
  const paths = runPaths(folder);
  const [checkpoint, final] = [await readCheckpoint(paths.best), await readCheckpoint(paths.last)];
  const { epoch, validation, ensemble } = bestEpochOf(paths.best, checkpoint);
  for (const [path, each] of [
    [paths.best, checkpoint],
    [paths.last, final],
  ] as const) {
    checkTensors(path, each, graphs);
  }
  emit({ type: 'phase', phase: 'test' });
  const { test, validation: held } = data.dataset;
  const measure = async (tensors: Checkpoint['tensors'], split: Split): Promise<GroupEvaluation> => {
    loadPredictors(context.predictors, tensors);
    const loader = stoppable(evaluationLoader(split, data.preprocessing, settings), stopRequested);
    return evaluate(context.predictors, loader, data.preprocessing).finally(() => loader.close());
  };
  const evaluated: EvaluatedEpoch = {
    epoch,
    ...(validation && ensemble && { validation: { networks: validation, ensemble } }),
    ...(test && { test: await measure(checkpoint.tensors, test) }),
  };
  const lastEpoch = final.position.epoch - 1;
  // A trial may be open where the run ended early
  const lastTensors = tensorsWithoutTrial(final);
  const last: EvaluatedEpoch =
    epoch === lastEpoch
      ? evaluated
      : {
          epoch: lastEpoch,
          ...(held && { validation: await measure(lastTensors, held) }),
          ...(test && { test: await measure(lastTensors, test) }),
        };
  return { best: { checkpoint, evaluated }, last, seconds: final.seconds };
}

function announceGrowth({ settings, training, emit }: LoopContext, { settings: before, position }: Checkpoint): void {
  const message = scheduleNote(before, settings, position, training.steps);
  if (message) emit({ type: 'warning', message });
}

/** A run that ended early does so again, unless it is given more patience. */
function announceEarlyEnd({ settings, emit }: LoopContext, { best, position }: Checkpoint): void {
  if (!endsEarly(settings, best, position) || position.epoch >= settings.epochs) return;
  const message = `no network validated better in the last ${settings.patience} epochs, so the run has ended after epoch ${position.epoch}: its results are made anew (a larger --patience, or 0, trains on)`;
  emit({ type: 'warning', message });
}

/** A run's own folder can't be what it begins from: it would replace that. */
function checkOrigin(folder: string, { from }: RequestedSettings): void {
  if (from === null || resolve(folder) !== from) return;
  fail(folder, "a run can't begin from itself, and replace it", { hint: 'Choose another folder (--out)' });
}
