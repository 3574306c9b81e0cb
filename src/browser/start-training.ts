import { POOLS } from '../data/perturb/pools.js';
import type { TrainEvent } from '../events/events.js';
import type { LineageHeader } from '../lineage/lineage-header.js';
import { recordedSettings, type Settings } from '../settings/settings.js';
import type { Checkpoint, CheckpointHeader } from '../store/checkpoint-format.js';
import { checkTensors } from '../store/checkpoint-tensors.js';
import { LearningRates } from '../train/learning-rates.js';
import { Tally } from '../train/tally.js';
import { fail } from '../util/error.js';
import { sameValue } from '../util/formats/same-value.js';
import { checkPageSettings, checkWeights, settlePageBatch } from './check-page-settings.js';
import { chooseEngine } from './choose-engine.js';
import { openSaved } from './page-files.js';
import { createPageGroup } from './page-group.js';
import { PageRecord } from './page-record.js';
import type { PageSubject } from './page-run.js';
import { PageTraining } from './page-training.js';
import { orderClasses } from './pictures/class-order.js';
import { digestPixels, PictureFiles } from './pictures/page-content.js';
import { preparePageData } from './pictures/page-data.js';
import { arrangePictures, PICTURES } from './pictures/page-pictures.js';
import type { BrowserTraining, BrowserTrainingOptions } from './training.js';

/**
 * Begins a training in this page or worker, or goes on with one, and returns when its first step can be run. Nothing leaves the page but
 * the request for ONNX Runtime's files.
 */
export async function startTraining(options: BrowserTrainingOptions): Promise<BrowserTraining> {
  checkPageSettings(options.settings);
  if (!options.resume) checkWeights(options.settings, options.weights?.length ?? 0);
  const order = orderClasses(options.classes);
  const pictures = arrangePictures(options.pictures, order);
  const data = preparePageData(options.settings, pictures);
  const settled = settlePageBatch(options.settings, data.dataset.train.length);
  // In the order in which they are recorded
  const settings = recordedSettings.parse({ ...settled, data: PICTURES });
  const pixels = await digestPixels(pictures);
  const saved = options.resume && (await openSaved(options.resume));
  if (saved) checkGoesOn(saved.last, settings, pixels);
  const group = createPageGroup(settings, data.dataset, data.preprocessing, saved ? [] : options.weights);
  if (saved) checkTensors('the saved training', saved.last, group.graphs);
  let stop = false;
  const files = new PictureFiles(pictures);
  let record: PageRecord | undefined;
  const emit = (event: TrainEvent) => {
    record?.log(event);
    options.emit(event);
  };
  const subject: PageSubject = { settings, order, data, files, group, emit, stopRequested: () => stop };
  const { provider, runtimeUrl } = options;
  const { engine, begin } = await chooseEngine(subject, { provider, runtimeUrl, after: saved?.last });
  const stepsPerEpoch = engine.inputs.training.steps;
  const header = lineageHeader(subject, stepsPerEpoch);
  record = new PageRecord(header, saved?.last ?? firstCheckpoint(subject, stepsPerEpoch, pixels, begin), saved);
  return new PageTraining({ ...subject, record, engine }, (asked) => {
    stop = asked;
  });
}

function lineageHeader({ settings, group }: PageSubject, stepsPerEpoch: number): LineageHeader {
  const { inputPerturbation } = settings;
  return {
    networks: group.networks.map(({ name }) => name),
    stepsPerEpoch,
    operations: inputPerturbation ? Object.keys(POOLS[inputPerturbation.pool]) : [],
  };
}

/** A run before its first step. */
function firstCheckpoint(
  { settings, data, group }: PageSubject,
  stepsPerEpoch: number,
  dataFingerprint: string,
  tensors: Checkpoint['tensors'],
): Checkpoint {
  const { reached } = new LearningRates(settings, stepsPerEpoch);
  return {
    settings,
    position: { epoch: 0, step: 0 },
    stepsPerEpoch,
    partial: new Tally(group.networks.length).sums,
    epochs: [],
    seconds: 0,
    trial: null,
    best: null,
    ...(reached && { plateau: reached }),
    classes: [...data.dataset.classes],
    forms: {},
    dataFingerprint,
    preprocessing: data.preprocessing,
    tensors,
  };
}

/** What may change while a training goes on. */
const CHANGEABLE: readonly (keyof Settings)[] = ['epochs', 'patience'];

/** Fails where a training was saved with other pictures or settings. */
function checkGoesOn(saved: CheckpointHeader, settings: Settings, pixels: string): void {
  const keys = Object.keys(settings) as (keyof Settings)[];
  const changed = keys.find((key) => !CHANGEABLE.includes(key) && !sameValue(saved.settings[key], settings[key]));
  if (changed) {
    fail('the saved training', `setting "${changed}" is another one`, {
      expected: JSON.stringify(saved.settings[changed]),
      got: JSON.stringify(settings[changed]),
      hint: 'A training goes on with the settings that it began with',
    });
  }
  if (saved.dataFingerprint === pixels) return;
  fail('the saved training', 'its pictures or classes are others', { hint: 'Begin a new one' });
}
