import type { Size } from '../data/dataset/dataset.js';
import { isWhole } from '../data/image/preprocess.js';
import type { RunDevice } from '../events/events.js';
import { createGroup } from '../group/create-group.js';
import type { Group } from '../group/group.js';
import { inputFor, modelNormalisation } from '../group/model-sources.js';
import { type NetworkSources, openRunSources, openSources } from '../group/network-source.js';
import type { FetchProgress } from '../hub/fetched.js';
import { everyPercent, formatProgress } from '../hub/progress.js';
import { hasModels } from '../nets/model-file.js';
import { normalisationOf, settlePreprocessing } from '../pretrained/preprocessing.js';
import { freeMemory } from '../runtime/memory/free-memory.js';
import { settleBatchSize, settledMessage } from '../settings/batch-size.js';
import { withDataPaths } from '../settings/setting-paths.js';
import { hasBatchSize, type RequestedSettings, type Settings } from '../settings/settings.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { prepareData, type RunData } from '../train/data.js';
import { fitNorms } from '../train/norms/fitted-norms.js';
import { measureNorms } from '../train/norms/restored-norms.js';
import { checkStop } from '../train/stop.js';
import { checkSameClasses, checkSameData, checkSameUnlabelled } from './check-data.js';
import type { ContextOptions } from './context.js';
import { settleDevice, tryDevices } from './device.js';
import { checkMemoryKnown, settleAutoBatch } from './memory.js';
import { checkToken } from './peers.js';

/** What a run is opened with, its batch size and its device settled or not. */
export interface RequestedOptions extends Omit<ContextOptions, 'settings'> {
  readonly settings: RequestedSettings;
}

/** A run before its step is built: its networks, its data, settings whose batch size and device are settled, and what its GPUs are. */
export interface PreparedRun {
  readonly networks: NetworkSources;
  readonly data: RunData;
  readonly group: Group;
  readonly settings: Settings;
  readonly devices: readonly RunDevice[];
}

/** Opens the networks and the data of a run, new or resumed from a checkpoint. Writes nothing in its folder. */
export async function prepareRun(given: RequestedOptions, resumed: Checkpoint | undefined): Promise<PreparedRun> {
  const { folder, emit, stopRequested } = given;
  checkMemoryKnown(given.settings);
  checkToken(given.settings);
  const known = await tryDevices(given.settings, resumed && folder);
  const networks = resumed ? await openRunSources(folder, given.settings) : await openNewSources(given);
  const wanted = networks.pretrained ? settlePreprocessing(given.settings, networks.pretrained) : given.settings;
  emit({ type: 'phase', phase: 'data' });
  const normalisation = normalisationFor(networks, given.settings, resumed);
  const input = resumed ? keptInput(given.settings, resumed) : inputFor(networks.sources, given.settings);
  const check = () => checkStop(stopRequested);
  const data = await prepareData(
    withDataPaths(wanted, given.dataPaths),
    check,
    normalisation,
    resumed?.preprocessing,
    input,
  );
  if (resumed) {
    await checkSameData(folder, resumed, data);
    await checkSameUnlabelled(folder, data);
  } else tellIdleCrop(given, data);
  if (networks.from) checkSameClasses(networks.from, data);
  emit({ type: 'phase', phase: 'graph' });
  const begun = createGroup(networks, data.dataset, data.preprocessing, wanted);
  const sized = await settleBatch({ ...given, settings: wanted }, begun, data, resumed);
  const { settings, devices } = await settleDevice(sized, { group: begun, data, emit, known });
  const restored = await measureNorms(begun, data, settings, check);
  const group = resumed ? restored : await fitNorms(restored, data, settings, check);
  return { networks, data, group, settings, devices };
}

/** The networks of a new run; weights are fetched where they aren't here. */
function openNewSources({ settings, emit, stopRequested }: RequestedOptions): Promise<NetworkSources> {
  const onProgress = (progress: FetchProgress) => {
    checkStop(stopRequested);
    emit({ type: 'phase', phase: 'weights', detail: formatProgress(progress) });
  };
  return openSources(settings, { env: process.env, onProgress: everyPercent(onProgress) });
}

/** How images are normalised where that isn't left to the data. What a new run takes from elsewhere, it goes on with. */
function normalisationFor(
  { from, artifact, pretrained, sources }: NetworkSources,
  settings: RequestedSettings,
  resumed?: Checkpoint,
) {
  const { pretrained: weights } = settings;
  if (resumed && (settings.from !== null || weights !== null || hasModels(settings))) return resumed.preprocessing;
  const given = from?.preprocessing ?? (pretrained ? normalisationOf(pretrained) : modelNormalisation(sources));
  return given ?? artifact?.manifest.preprocessing ?? undefined;
}

/** The input size of a run on models that goes on: what they are, only its checkpoint knows. */
function keptInput(settings: RequestedSettings, { preprocessing }: Checkpoint): Size | undefined {
  const { height, width } = preprocessing;
  return hasModels(settings) ? { height, width } : undefined;
}

function tellIdleCrop({ settings, emit }: RequestedOptions, { dataset, preprocessing }: RunData): void {
  if (settings.crop === undefined || !isWhole(dataset, preprocessing)) return;
  const message = 'crop has no effect: all images have the input size already, and are taken whole';
  emit({ type: 'warning', message });
}

/** The settings of a run with the batch size that it keeps; says how that came about. */
async function settleBatch(
  { settings: given, emit, freeMemory: free = freeMemory }: RequestedOptions,
  group: Group,
  data: RunData,
  resumed: Checkpoint | undefined,
): Promise<Settings> {
  if (!hasBatchSize(given)) {
    const { settings, note } = await settleAutoBatch(given, group, data, free());
    emit({ type: 'note', message: note });
    return settings;
  }
  if (resumed) return given;
  const images = data.dataset.train.length;
  const settings = settleBatchSize(given, images);
  for (const message of settledMessage(given, settings, images)) emit({ type: 'warning', message });
  return settings;
}
