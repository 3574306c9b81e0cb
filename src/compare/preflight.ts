import { isDeepStrictEqual } from 'node:util';
import { checkBatchSize } from '../data/batch/loader.js';
import type { Size } from '../data/dataset/dataset.js';
import type { Graph } from '../graph/graph.js';
import { createGroup } from '../group/create-group.js';
import { createStep } from '../group/group.js';
import { inputFor } from '../group/model-sources.js';
import { networkDevices } from '../group/network-devices.js';
import { openSources, settleNetworks } from '../group/network-source.js';
import { checkOrtTraining } from '../ort-training/session/library.js';
import { formatDevice } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { checkDevice } from '../runtime/session.js';
import { classWeightsOf } from '../settings/class-weights.js';
import { peersOf } from '../settings/places/peers-of.js';
import { checkSettings, type Settings } from '../settings/settings.js';
import { prepareData, type RunData } from '../train/data.js';
import { openTeacher } from '../train/frozen-teacher.js';
import { at } from '../util/checked.js';
import { AgonError, fail } from '../util/error.js';
import type { PlannedRun } from './experiment/experiment.js';

/**
 * Finds what a run would fail on once its turn comes, after hours: one of each method with each group is tried up to its first step.
 *
 * @param options.elsewhere - Other machines do them: their devices needn't be here.
 * @param options.jobs - Runs side by side.
 */
export async function checkRuns(
  runs: readonly PlannedRun[],
  { elsewhere = false, jobs = 1 }: { readonly elsewhere?: boolean; readonly jobs?: number } = {},
): Promise<void> {
  const kinds = new Map(runs.map((run) => [JSON.stringify([run.group, run.method]), run]));
  const data = new DataCache();
  for (const run of kinds.values()) {
    if (elsewhere || jobs > 1) checkPlaces(run);
    await checkRun(run, data, elsewhere);
  }
}

/** A peer has one network of one run at a time: others would wait for it in vain. */
function checkPlaces({ group, method, settings }: PlannedRun): void {
  const [peer] = peersOf(settings);
  if (peer === undefined) return;
  fail(`group "${group}", method "${method}"`, `place: ${peer} has one network of one run at a time`, {
    hint: 'Runs with peers are done one after the other: leave out --jobs and --queue',
  });
}

async function checkRun({ group, method, settings }: PlannedRun, cache: DataCache, elsewhere: boolean) {
  const about = async <T>(setting: string, check: () => T | Promise<T>): Promise<T> => {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof AgonError)) throw error;
      throw new AgonError(`group "${group}", method "${method}"`, `${setting}: ${error.message}`, { cause: error });
    }
  };
  await about('settings', () => {
    checkSettings(settings);
    if (settings.engine === 'ort-training') checkOrtTraining();
  });
  const sources = await about('nets', async () => {
    await checkArtifact(settings);
    return openSources(settings);
  });
  const devices = settings.place === null ? 'device' : 'place';
  await about(devices, () => {
    if (elsewhere) return;
    for (const device of networkDevices(settings)) checkDevice(device);
  });
  const input = await about('size', () => inputFor(sources.sources, settings));
  const data = await about('data', () => cache.prepare(settings, input));
  await about('validation', () => checkMeasured(data));
  await about('batchSize', () => checkBatchSize(data.dataset.train.length, settings.batchSize, true));
  const networks = await about('nets', () => createGroup(sources, data.dataset, data.preprocessing, settings));
  if (!elsewhere) await about(devices, () => checkSessions(networks.graphs, settings));
  const weights = await about('classWeights', () => classWeightsOf(settings, data.dataset));
  await about('the training step', () => createStep(networks, settings, weights));
  await about('teacher', async () =>
    (await openTeacher(elsewhere ? { ...settings, device: 'cpu' } : settings, data))?.close(),
  );
}

/** Something must be left to measure the networks on. */
function checkMeasured({ dataset }: RunData): void {
  if (dataset.test || dataset.validation) return;
  fail(dataset.name, 'it has neither a test split nor images held out for validation', {
    hint: 'Hold something out (validation 0.1)',
  });
}

/** The group's networks must be those of the artifact, if there is one: they are what the results name. */
async function checkArtifact(settings: Settings): Promise<void> {
  const { nets } = await settleNetworks(settings);
  if (isDeepStrictEqual(nets, settings.nets)) return;
  fail('settings', 'the networks of the group', {
    expected: `those of ${settings.artifacts}: ${JSON.stringify(nets)}`,
    got: JSON.stringify(settings.nets),
  });
}

/** Whether devices that this build knows are there. */
async function checkSessions(graphs: readonly Graph[], settings: Settings): Promise<void> {
  const { threads } = settings;
  const devices = networkDevices(settings);
  const first = new Map([...devices.entries()].reverse().map(([i, device]) => [formatDevice(device), i]));
  for (const i of first.values()) {
    const [graph, device] = [graphs[i], at(devices, i)];
    if (graph) await (await Predictor.open(graph, { device, threads })).close();
  }
}

/** Methods mostly have the same data, which take a while to open. */
class DataCache {
  #key = '';
  #data: RunData | undefined;

  async prepare(settings: Settings, input: Size | undefined): Promise<RunData> {
    const { data, unlabelled, size, limit, validation, seed } = settings;
    const key = JSON.stringify([data, unlabelled, size, limit, validation, seed, input]);
    if (!this.#data || key !== this.#key)
      this.#data = await prepareData(settings, undefined, undefined, undefined, input);
    this.#key = key;
    return this.#data;
  }
}
