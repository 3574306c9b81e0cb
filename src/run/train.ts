import { resolve } from 'node:path';
import { unlabelledDigests } from '../data/formats/unlabelled-images.js';
import type { Position } from '../events/events.js';
import { settleNetworks } from '../group/network-source.js';
import { checkOrtTraining } from '../ort-training/session/library.js';
import { writeWeightsRecord } from '../pretrained/record.js';
import { checkResumable } from '../settings/check-engine.js';
import { withDataPaths } from '../settings/setting-paths.js';
import { checkSettings, type RequestedSettings } from '../settings/settings.js';
import { absolutePaths } from '../store/absolute-paths.js';
import { type Checkpoint, readCheckpoint } from '../store/checkpoint.js';
import { checkSteps } from '../store/checkpoint-check.js';
import { checkTensors } from '../store/checkpoint-tensors.js';
import { writeDataRecord } from '../store/data-record.js';
import { beginRun, removeHalfWritten, runPaths, writeRunSettings } from '../store/run-folder.js';
import { lockRun } from '../store/run-lock.js';
import { trainLoop } from '../train/loop.js';
import { Stopped } from '../train/stop.js';
import { fail } from '../util/error.js';
import { announce, announceResumed, endedEarly, tellOrigin } from './announce.js';
import { checkDataThere, checkSameTeacher, digestTeacher } from './check-data.js';
import { closeContext, openContext, type RunContext } from './context.js';
import { finishUnlessStopped } from './finish.js';
import { wayToPeers } from './peers.js';
import { prepareRun, type RequestedOptions } from './prepare.js';
import { checkResumed } from './resumed-settings.js';

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

async function trainLocked(given: TrainOptions): Promise<'finished' | 'stopped'> {
  const { folder, emit } = given;
  const paths = runPaths(folder);
  const resumed = given.resume ? await readCheckpoint(paths.last) : undefined;
  if (resumed) await checkGoesOn(folder, resumed, withDataPaths(given.settings, given.dataPaths));
  const prepared = await prepareRun(given, resumed);
  const { networks, data, group, settings, devices } = prepared;
  const { openPeer, stopRequested } = wayToPeers({ ...given, settings });
  const options = { ...given, settings, devices, openPeer, stopRequested };
  if (resumed) {
    checkTensors(paths.last, resumed, group.graphs);
    // Found damaged now, not after the last epoch
    if (resumed.best) checkTensors(paths.best, await readCheckpoint(paths.best), group.graphs);
  }
  const start = { data, group, resumed, from: networks.from?.origin };
  const stopped = (position: Position) => {
    emit({ type: 'stop', ...position, checkpoint: paths.last });
    return 'stopped' as const;
  };
  let context: RunContext | undefined = await openContext(options, start);
  try {
    if (resumed) await resumeRun(folder, context, resumed);
    else await beginRun(folder, settings, networks.artifact ?? group.kept);
    if (networks.pretrained) await writeWeightsRecord(paths.weights, networks.pretrained);
    const unlabelled = data.unlabelled && unlabelledDigests(data.unlabelled);
    await writeDataRecord(paths.data, { content: data.content, teacher: await digestTeacher(settings), unlabelled });
    tellOrigin(prepared, given);
    announce(options, data, group, context);
    if (resumed) announceResumed(context, resumed);
    let end = await trainLoop(context);
    while (end.checkpoint && context.span.end < settings.epochs && !endedEarly(settings, end.checkpoint)) {
      const [before, resumedHere] = [context, end.checkpoint];
      context = undefined;
      await closeContext(before);
      if (stopRequested()) return stopped(resumedHere.position);
      context = await openContext(options, { ...start, resumed: resumedHere });
      end = await trainLoop(context);
    }
    if (end.stoppedAt) return stopped(end.stoppedAt);
    // Peers have done their part
    const stoppedAt = await finishUnlessStopped(
      { ...options, stopRequested: given.stopRequested },
      data,
      group,
      context,
    );
    return stoppedAt ? stopped(stoppedAt) : 'finished';
  } finally {
    if (context) await closeContext(context);
  }
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
async function resumeRun(folder: string, context: RunContext, resumed: Checkpoint): Promise<void> {
  const { position } = resumed;
  checkSteps(runPaths(folder).last, resumed, context.training.steps);
  await removeHalfWritten(folder);
  await writeRunSettings(folder, context.settings);
  const { lineage, training, emit } = context;
  const missing = await lineage.resumeAt(position.epoch * training.steps + position.step);
  if (missing > 0) emit({ type: 'warning', message: `${lineage.path} lacks ${missing} steps: it has a gap there` });
}

/** A run's own folder can't be what it begins from: it would replace that. */
function checkOrigin(folder: string, { from }: RequestedSettings): void {
  if (from === null || resolve(folder) !== from) return;
  fail(folder, "a run can't begin from itself, and replace it", { hint: 'Choose another folder (--out)' });
}
