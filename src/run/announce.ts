import { summarise } from '../data/dataset/summary.js';
import { datasetWarnings } from '../data/dataset/warnings.js';
import { unlabelledWarnings } from '../data/formats/unlabelled-images.js';
import type { EpochEvent, StartEvent } from '../events/events.js';
import type { Group } from '../group/group.js';
import { modelNotes } from '../group/model-sources.js';
import { takenNotes, twinsWarnings } from '../group/taken-weights.js';
import { licenceNotes } from '../pretrained/licence.js';
import { describePreprocessing } from '../pretrained/preprocessing.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { leftOverMessage } from '../settings/batch-size.js';
import { balanceNotes } from '../settings/class-weights.js';
import { idleSettings } from '../settings/idle-settings.js';
import { presetDifferences } from '../settings/presets.js';
import type { Settings } from '../settings/settings.js';
import type { Checkpoint } from '../store/checkpoint.js';
import type { RunData } from '../train/data.js';
import { endsEarly } from '../train/early-stopping.js';
import type { LoopContext } from '../train/loop.js';
import { measuredImages } from '../train/norms/channel-moments.js';
import { AGON_VERSION } from '../util/version.js';
import { heldOutNote } from './check-data.js';
import type { ContextOptions } from './context.js';
import type { PreparedRun, RequestedOptions } from './prepare.js';
import { scheduleNote } from './resumed-settings.js';

/** Says what there is to know of the run, the models or the weights that a new one begins from; `given` are its settings before they were settled. */
export function tellOrigin(
  { networks, data, group, settings }: PreparedRun,
  given: Pick<RequestedOptions, 'settings' | 'emit'>,
): void {
  const { from, pretrained, sources } = networks;
  const { taken = [], begun } = group;
  const { emit } = given;
  const tell = (type: 'note' | 'warning', messages: readonly (string | undefined)[]) => {
    for (const message of messages) if (message !== undefined) emit({ type, message });
  };
  if (begun) {
    const [images, { normalisation }] = [measuredImages(data, settings), settings];
    tell('note', modelNotes(sources, begun, data.preprocessing, { images, normalisation }));
  } else if (pretrained) {
    const { notes, warnings } = describePreprocessing(pretrained, given.settings, data.preprocessing);
    tell('note', [...takenNotes(taken), ...notes, ...licenceNotes(pretrained)]);
    tell('warning', [...twinsWarnings(taken), ...warnings]);
  } else if (from) tell('warning', [from.note, heldOutNote(from, settings, data)]);
}

/** Says what there is to know before the first step, and that the run starts. */
export function announce(
  { settings, folder, emit, devices = [] }: ContextOptions,
  data: RunData,
  group: Group,
  context: LoopContext,
): void {
  const { channels, height, width } = data.preprocessing;
  const batches = leftOverMessage(settings, data.dataset.train.length);
  for (const message of [...datasetWarnings(data.dataset), ...batches]) emit({ type: 'warning', message });
  const totalSteps = settings.epochs * context.training.steps;
  for (const message of idleSettings(settings, { graphs: group.graphs, totalSteps, ownValidation: data.ownValidation }))
    emit({ type: 'warning', message });
  for (const message of balanceNotes(settings, data.dataset)) emit({ type: 'warning', message });
  tellUnlabelled(settings, data, emit);
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
    ...(devices.length > 0 && { devices }),
    ...(context.memory && { memory: context.memory }),
    ...(context.resumed && { resumedAt: context.resumed.position, ...loggedBefore(context.resumed) }),
    ...(context.constants.origin && { origin: context.constants.origin }),
    agon: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
  });
}

/** Says what is learned from teachers alone. */
function tellUnlabelled({ batchSize }: Settings, { unlabelled, dataset }: RunData, emit: ContextOptions['emit']): void {
  if (!unlabelled) return;
  const { name, source } = unlabelled;
  for (const message of unlabelledWarnings(unlabelled, dataset)) emit({ type: 'warning', message });
  const [images, beside] = [source.paths.length, `${batchSize} in a step beside ${batchSize} with labels`];
  emit({ type: 'note', message: `${images} unlabelled images in ${name} are learned from teachers alone, ${beside}` });
}

/** What a resumed run's log should have of its epochs. */
function loggedBefore({ epochs }: Checkpoint): Pick<StartEvent, 'finishedEpochs'> {
  return epochs ? { finishedEpochs: epochs as unknown as EpochEvent[] } : {};
}

const UNMEASURED =
  'nothing is held out (validation 0) and there is no test split: no accuracy of this run will be known but that on its training images';

/** What a run that goes on does otherwise than before, or has done already. */
export function announceResumed(context: LoopContext, resumed: Checkpoint): void {
  announceGrowth(context, resumed);
  announceEarlyEnd(context, resumed);
}

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

/** Whether a run whose checkpoint this is has ended early. */
export function endedEarly(settings: Settings, { best, position }: Checkpoint): boolean {
  return endsEarly(settings, best, position);
}
