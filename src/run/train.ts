import { resolve } from 'node:path';
import type { Size } from '../data/dataset/dataset.js';
import { summarise } from '../data/dataset/summary.js';
import { datasetWarnings } from '../data/dataset/warnings.js';
import type { EpochEvent, StartEvent } from '../events/events.js';
import { createGroup, type Group } from '../group/group.js';
import { inputFor, modelNormalisation, modelNotes } from '../group/model-sources.js';
import { type NetworkSources, openRunSources, openSources, settleNetworks } from '../group/network-source.js';
import { takenNotes } from '../group/pretrained.js';
import type { FetchProgress } from '../hub/fetched.js';
import { everyPercent, formatProgress } from '../hub/progress.js';
import { hasModels } from '../nets/model-file.js';
import { checkOrtTraining } from '../ort-training/session/library.js';
import { licenceNotes } from '../pretrained/licence.js';
import { normalisationOf, preprocessingNotes, settlePreprocessing } from '../pretrained/preprocessing.js';
import { writeWeightsRecord } from '../pretrained/record.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { leftOverMessage, settleBatchSize, settledMessage } from '../settings/batch-size.js';
import { checkResumable } from '../settings/check-engine.js';
import { balanceNotes } from '../settings/class-weights.js';
import { idleSettings } from '../settings/idle-settings.js';
import { presetDifferences } from '../settings/presets.js';
import { absolutePaths } from '../settings/setting-paths.js';
import { checkSettings, type Settings } from '../settings/settings.js';
import { type Checkpoint, readCheckpoint } from '../store/checkpoint.js';
import { checkSteps } from '../store/checkpoint-check.js';
import { checkTensors } from '../store/checkpoint-tensors.js';
import { writeDataRecord } from '../store/data-record.js';
import { beginRun, removeHalfWritten, runPaths, writeRunSettings } from '../store/run-folder.js';
import { lockRun } from '../store/run-lock.js';
import { prepareData, type RunData } from '../train/data.js';
import { endsEarly } from '../train/early-stopping.js';
import { type LoopContext, trainLoop } from '../train/loop.js';
import { measuredImages, measureNorms } from '../train/measure-norms.js';
import { checkStop, Stopped } from '../train/stop.js';
import { fail } from '../util/error.js';
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
import { finishUnlessStopped } from './finish.js';
import { checkResumed, scheduleNote } from './resumed-settings.js';

export interface TrainOptions extends ContextOptions {
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

async function trainLocked(given: TrainOptions): Promise<'finished' | 'stopped'> {
  const { folder, emit, stopRequested } = given;
  const paths = runPaths(folder);
  const resumed = given.resume ? await readCheckpoint(paths.last) : undefined;
  if (resumed) await checkGoesOn(folder, resumed, given.settings);
  const networks = resumed ? await openRunSources(folder, given.settings) : await openNewSources(given);
  const wanted = networks.pretrained ? settlePreprocessing(given.settings, networks.pretrained) : given.settings;
  emit({ type: 'phase', phase: 'data' });
  const normalisation = normalisationFor(networks, given.settings, resumed);
  const input = resumed ? keptInput(given.settings, resumed) : inputFor(networks.sources, given.settings);
  const check = () => checkStop(stopRequested);
  const data = await prepareData(wanted, check, normalisation, resumed?.preprocessing, input);
  if (resumed) await checkSameData(folder, resumed, data);
  if (networks.from) checkSameClasses(networks.from, data);
  const images = data.dataset.train.length;
  const settings = resumed ? wanted : settleBatchSize(wanted, images);
  const options = { ...given, settings };
  for (const message of settledMessage(given.settings, settings, images)) emit({ type: 'warning', message });
  emit({ type: 'phase', phase: 'graph' });
  const begun = createGroup(networks, data.dataset, data.preprocessing, settings);
  const group = await measureNorms(begun, data, settings, check);
  if (resumed) {
    checkTensors(paths.last, resumed, group.graphs);
    // Found damaged now, not after the last epoch
    if (resumed.best) checkTensors(paths.best, await readCheckpoint(paths.best), group.graphs);
  }
  const start = { data, group, resumed, from: networks.from?.origin };
  let context: LoopContext | undefined = await openContext(options, start);
  try {
    if (resumed) await resumeRun(folder, context, resumed);
    else await beginRun(folder, settings, networks.artifact ?? group.kept);
    if (networks.pretrained) await writeWeightsRecord(paths.weights, networks.pretrained);
    await writeDataRecord(paths.data, { content: data.content, teacher: await digestTeacher(settings) });
    for (const message of notesOf(networks, given.settings, data, group)) emit({ type: 'warning', message });
    announce(options, data, group, context);
    if (resumed) announceGrowth(context, resumed);
    if (resumed) announceEarlyEnd(context, resumed);
    let end = await trainLoop(context);
    while (end.checkpoint && context.span.end < settings.epochs && !endedEarly(settings, end.checkpoint)) {
      const [before, resumedHere] = [context, end.checkpoint];
      context = undefined;
      await closeContext(before);
      context = await openContext(options, { ...start, resumed: resumedHere });
      end = await trainLoop(context);
    }
    const stoppedAt = end.stoppedAt ?? (await finishUnlessStopped(options, data, group, context));
    if (!stoppedAt) return 'finished';
    emit({ type: 'stop', ...stoppedAt, checkpoint: paths.last });
    return 'stopped';
  } finally {
    if (context) await closeContext(context);
  }
}

/** The networks of a new run; weights are fetched where they aren't here. */
function openNewSources({ settings, emit, stopRequested }: TrainOptions): Promise<NetworkSources> {
  const onProgress = (progress: FetchProgress) => {
    checkStop(stopRequested);
    emit({ type: 'phase', phase: 'weights', detail: formatProgress(progress) });
  };
  return openSources(settings, { env: process.env, onProgress: everyPercent(onProgress) });
}

/** How images are normalised where that isn't left to the data. What a new run takes from elsewhere, it goes on with. */
function normalisationFor(
  { from, artifact, pretrained, sources }: NetworkSources,
  settings: Settings,
  resumed?: Checkpoint,
) {
  const { pretrained: weights } = settings;
  if (resumed && (settings.from !== null || weights !== null || hasModels(settings))) return resumed.preprocessing;
  const given = from?.preprocessing ?? (pretrained ? normalisationOf(pretrained) : modelNormalisation(sources));
  return given ?? artifact?.manifest.preprocessing ?? undefined;
}

/** The input size of a run on models that goes on: what they are, only its checkpoint knows. */
function keptInput(settings: Settings, { preprocessing }: Checkpoint): Size | undefined {
  const { height, width } = preprocessing;
  return hasModels(settings) ? { height, width } : undefined;
}

/** What is to be said of the run, the models or the files of weights that a new one begins from. */
function notesOf(
  { from, pretrained, sources }: NetworkSources,
  settings: Settings,
  data: RunData,
  { taken = [], begun }: Group,
): string[] {
  if (begun) {
    const images = measuredImages(data, settings);
    return modelNotes(sources, begun, data.preprocessing, { images, normalisation: settings.normalisation });
  }
  if (pretrained) {
    const prepared = preprocessingNotes(pretrained, settings, data.preprocessing);
    return [...takenNotes(taken), ...prepared, ...licenceNotes(pretrained)];
  }
  return from ? [from.note, heldOutNote(from, settings, data)].flatMap((note) => note ?? []) : [];
}

/** What can be said of a run that goes on before its data are read. */
async function checkGoesOn(folder: string, resumed: Checkpoint, settings: Settings): Promise<void> {
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

function announce({ settings, folder, emit }: TrainOptions, data: RunData, group: Group, context: LoopContext): void {
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

function announceGrowth({ settings, training, emit }: LoopContext, { settings: before, position }: Checkpoint): void {
  const message = scheduleNote(before, settings, position, training.steps);
  if (message) emit({ type: 'warning', message });
}

/** A run that ended early does so again, unless it is given more patience. */
function announceEarlyEnd({ settings, emit }: LoopContext, resumed: Checkpoint): void {
  const { position } = resumed;
  if (!endedEarly(settings, resumed) || position.epoch >= settings.epochs) return;
  const message = `no network validated better in the last ${settings.patience} epochs, so the run has ended after epoch ${position.epoch}: its results are made anew (a larger --patience, or 0, trains on)`;
  emit({ type: 'warning', message });
}

function endedEarly(settings: Settings, { best, position }: Checkpoint): boolean {
  return endsEarly(settings, best, position);
}

/** A run's own folder can't be what it begins from: it would replace that. */
function checkOrigin(folder: string, { from }: Settings): void {
  if (from === null || resolve(folder) !== from) return;
  fail(folder, "a run can't begin from itself, and replace it", { hint: 'Choose another folder (--out)' });
}
