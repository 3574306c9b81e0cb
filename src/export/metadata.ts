import type { Preprocessing } from '../data/image/preprocess.js';
import type { Evaluation } from '../events/evaluation.js';
import type { Graph } from '../graph/graph.js';
import { toPythonDictionary } from '../imported/python-text.js';
import { withoutPlaces } from '../pretrained/provenance.js';
import type { WeightsRecord } from '../pretrained/record.js';
import { withoutFolders } from '../settings/setting-paths.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { FORMATS } from '../util/formats/formats.js';
import { USUAL_THRESHOLD } from '../util/task.js';
import { AGON_VERSION } from '../util/version.js';
import type { ModelMetadata } from './inference-model.js';
import type { Subject } from './subject.js';

/** What of an export its metadata tell. */
export interface Described {
  readonly checkpoint: Checkpoint;
  readonly which: 'best' | 'last';
  readonly subject: Subject;
  /** The networks' graphs, with their features. */
  readonly graphs: readonly Graph[];
  /** Weights that the run's networks began with. */
  readonly weights: WeightsRecord | undefined;
  /** Channels of the images that the model takes. */
  readonly channels: number;
  readonly temperature: number | undefined;
  /** The version of ONNX Runtime that it was trained with. */
  readonly onnxruntime: string;
  readonly testAccuracy?: number | undefined;
  readonly testMap?: number | undefined;
}

/** What a model says of itself: to Agon, and in the words of other tools. */
export function metadataOf(described: Described): ModelMetadata {
  const { checkpoint, subject, temperature } = described;
  const { classes, preprocessing, settings } = checkpoint;
  const threshold = subject.validation?.threshold ?? USUAL_THRESHOLD;
  return {
    ...wordsOfOthers(described),
    labels: JSON.stringify(classes),
    preprocessing: JSON.stringify(preprocessing),
    ...(settings.task === 'multi-label' && { threshold: JSON.stringify(atTemperature(threshold, temperature)) }),
    ...(temperature !== undefined && { temperature: JSON.stringify(temperature) }),
    agon: JSON.stringify(origin(described)),
  };
}

/** The probability that divided logits give where others gave `probability`. */
function atTemperature(probability: number, temperature = 1): number {
  if (temperature === 1) return probability;
  return 1 / (1 + ((1 - probability) / probability) ** (1 / temperature));
}

/** The keys of Ultralytics' exporter, as its readers parse them: numbers, and literals of Python. It has no date: an export is repeatable. */
function wordsOfOthers({ checkpoint, subject, graphs, weights, channels }: Described): ModelMetadata {
  const { classes, preprocessing } = checkpoint;
  const names = subject.networks.map(({ name }) => name).join(', ');
  const stride = strideOf(subject, graphs, preprocessing);
  const licence = licenceOf(weightsOf(weights, subject));
  return {
    description: `Image classifier (${names}) of ${classes.length} classes, trained by Agon`,
    author: 'Agon',
    version: AGON_VERSION,
    ...(licence !== undefined && { license: licence }),
    task: 'classify',
    names: toPythonDictionary(classes),
    imgsz: `[${preprocessing.height}, ${preprocessing.width}]`,
    channels: String(channels),
    batch: '1',
    ...(stride !== undefined && { stride: String(stride) }),
  };
}

/** How many pixels are one of the last feature map, the most of all networks: a power of two. Undefined where there is no such map. */
function strideOf({ networks }: Subject, graphs: readonly Graph[], { height }: Preprocessing): number | undefined {
  const strides = networks.map(({ index }) => {
    const [, , rows] = graphs[index]?.outputs.get('features')?.shape ?? [];
    return typeof rows === 'number' ? 2 ** Math.round(Math.log2(height / rows)) : Number.NaN;
  });
  const most = Math.max(...strides);
  return Number.isNaN(most) ? undefined : most;
}

function weightsOf(record: WeightsRecord | undefined, { networks }: Subject): WeightsRecord {
  return networks.flatMap(({ index }) => record?.[index] ?? []);
}

/** An SPDX expression of the licences of all weights; undefined where one of them is unknown, or none were taken. */
function licenceOf(weights: WeightsRecord): string | undefined {
  const known = weights.flatMap(({ licence }) => licence ?? []);
  return known.length > 0 && known.length === weights.length ? [...new Set(known)].join(' AND ') : undefined;
}

/** Where a model comes from. */
function origin({ checkpoint, which, subject, weights, onnxruntime, testAccuracy, testMap }: Described) {
  const { settings, best, position } = checkpoint;
  const { described, validation } = subject;
  const isBest = which === 'best' && best !== null;
  const own = weightsOf(weights, subject);
  return {
    format: FORMATS.model.version,
    version: AGON_VERSION,
    onnxruntime,
    ...described,
    ...(settings.task === 'multi-label' && { task: settings.task }),
    checkpoint: which,
    epochs: isBest ? best.epoch + 1 : position.epoch,
    ...(isBest && validation && measuredOn(validation)),
    ...(testAccuracy !== undefined && { testAccuracy }),
    ...(testMap !== undefined && { testMap }),
    settings: withoutFolders(settings),
    ...(own.length > 0 && { weights: own.map(withoutPlaces) }),
  };
}

function measuredOn({ map, accuracy }: Evaluation): Readonly<Record<string, number>> {
  return map === undefined ? { validationAccuracy: accuracy } : { validationMap: map };
}
