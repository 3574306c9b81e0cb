import { basename, join } from 'node:path';
import { networkPrefix } from '../distill/step.js';
import type { Evaluation } from '../events/evaluation.js';
import type { NetworkInfo } from '../events/events.js';
import { withImageInput } from '../foreign/image-input.js';
import type { Graph } from '../graph/graph.js';
import { inOperatorSet } from '../graph/operator-sets.js';
import type { Group } from '../group/group.js';
import { openCheckpoint } from '../group/open-checkpoint.js';
import { encodeModel } from '../onnx/file.js';
import { withoutPlaces } from '../pretrained/provenance.js';
import { readWeightsRecord, type WeightsRecord } from '../pretrained/record.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { withoutFolders } from '../settings/setting-paths.js';
import { type Checkpoint, tensorsWithoutTrial } from '../store/checkpoint.js';
import { runPaths } from '../store/run-folder.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import { toFileName, writeFileWhole } from '../util/files/files.js';
import { FORMATS } from '../util/formats/formats.js';
import { USUAL_THRESHOLD } from '../util/task.js';
import { AGON_VERSION } from '../util/version.js';
import { type Conversion, type ConversionOptions, convertModel } from './conversion.js';
import { ensembleGraph, inferenceGraph } from './inference-graph.js';
import { inferenceModel } from './inference-model.js';
import { checkParity } from './parity.js';

/** What of a run is exported, and how. */
export interface ExportOptions extends ConversionOptions {
  readonly checkpoint: 'best' | 'last';
  /** Index or name of a network; the run's winner when left out. */
  readonly network?: string | undefined;
  /** All networks as one model, whose softmax is the mean of their probabilities, instead of one network. */
  readonly ensemble?: boolean | undefined;
  /**
   * The file to write; when left out, in the run's folder `winner.onnx`, or for all else `<network>-<index>[-last].onnx`
   * or `ensemble[-last].onnx`; `-fp16` or `-int8` before the ending.
   */
  readonly out?: string | undefined;
  /** The ONNX operator set to write it in; the lowest that holds its operators when left out. */
  readonly opset?: number | undefined;
  /**
   * What it takes: `tensor`, the network's own input, normalised [N, C, height, width] (the default); or `image`, uint8 [N, H, W, 3] of
   * any size, which the graph prepares as training did, with probabilities as an output too.
   */
  readonly input?: ModelInput | undefined;
  /** Its accuracy on the test split, for the metadata; of images with any number of classes its mean average precision. */
  readonly testAccuracy?: number | undefined;
  readonly testMap?: number | undefined;
  /** Called between the parts of the work; what it throws ends it, with nothing written. */
  readonly check?: (() => void) | undefined;
}

/** What a model takes. */
export type ModelInput = 'tensor' | 'image';

/** What was written. */
export interface Exported {
  readonly path: string;
  /** The network that was exported, or all those of the ensemble. */
  readonly networks: readonly NetworkInfo[];
  readonly ensemble: boolean;
  /** Largest difference between the exported model's logits in a fresh session and the trainer's. */
  readonly parity: number;
  /** Of a model in another precision than float32: how, and how it does beside that one. */
  readonly conversion?: Conversion;
  readonly bytes: number;
  /** The ONNX operator set that it is written in. */
  readonly opset: number;
}

/** What becomes a model. */
interface Subject {
  readonly networks: readonly NetworkInfo[];
  readonly graph: Graph;
  /** The names of its parameters are those of the checkpoint without this. */
  readonly prefix: string;
  /** For messages. */
  readonly name: string;
  /** The name of its file in the run's folder. */
  readonly file: string;
  /** What the metadata say of it. */
  readonly described: Readonly<Record<string, unknown>>;
  /** Of the best epoch; undefined where nothing was held out. */
  readonly validation: Evaluation | undefined;
}

/**
 * Writes a network of a run, or the ensemble of all, as an inference model, after checking it: the encoded bytes run through
 * a fresh session, and their logits must be the trainer's. Nothing is written when they aren't.
 */
export async function exportRun(folder: string, options: ExportOptions): Promise<Exported> {
  const { checkpoint, group } = await openCheckpoint(folder, options.checkpoint);
  const { preprocessing, classes } = checkpoint;
  const tensors = tensorsWithoutTrial(checkpoint);
  const ensemble = options.ensemble ?? false;
  const { task } = checkpoint.settings;
  const subject = ensemble ? wholeGroup(group, checkpoint, options) : oneNetwork(group, checkpoint, options);
  const parametersAfter = (prefix: string) => (name: string) => present(tensors.get(prefix + name), prefix + name);
  const threshold = subject.validation?.threshold ?? USUAL_THRESHOLD;
  const weights = weightsOf(await readWeightsRecord(runPaths(folder).weights), subject);
  const metadata = {
    labels: classes,
    preprocessing,
    ...(task === 'multi-label' && { task, threshold }),
    agon: { ...describe(checkpoint, subject, options), ...weights },
  };
  const model = inferenceModel(subject.graph, parametersAfter(subject.prefix), metadata);
  const where = `export of ${subject.name}`;
  const plain = encodeModel(inOperatorSet(model, where));
  const trained = subject.networks.map(({ index }) => {
    return {
      graph: present(group.graphs[index], 'its graph'),
      parameterOf: parametersAfter(networkPrefix(index)),
    };
  });
  options.check?.();
  const parity = await checkParity(subject.name, trained, plain, preprocessing, ensemble ? task : undefined);
  options.check?.();
  const { precision } = options;
  const converted =
    precision && (await convertModel(model, precision, { folder, checkpoint, threshold, where }, options));
  options.check?.();
  const network = converted?.model ?? model;
  const scores = task === 'multi-label' ? 'Sigmoid' : 'Softmax';
  const onImages = options.input === 'image';
  const written = inOperatorSet(
    onImages ? withImageInput(network, preprocessing, scores) : network,
    where,
    options.opset,
  );
  const bytes = encodeModel(written);
  const ending = `${precision ? `-${precision}` : ''}${onImages ? '-image' : ''}.onnx`;
  const path = options.out ?? join(folder, subject.file.replace(/\.onnx$/, ending));
  await writeFileWhole(path, bytes);
  const opset = present(
    written.opsetImport.find(({ domain }) => !domain),
    'its operator set',
  ).version;
  const conversion = converted && { conversion: converted.conversion };
  return { path, networks: subject.networks, ensemble, parity, ...conversion, bytes: bytes.length, opset };
}

function oneNetwork(group: Group, { best }: Checkpoint, { network: wanted, checkpoint }: ExportOptions): Subject {
  const winner = best?.network ?? 0;
  const network = wanted === undefined ? present(group.networks[winner], 'the winner') : chooseNetwork(group, wanted);
  const { name, index } = network;
  const isWinner = checkpoint === 'best' && index === winner;
  return {
    networks: [network],
    graph: inferenceGraph(present(group.graphs[index], 'its graph')),
    prefix: networkPrefix(index),
    name,
    file: isWinner ? basename(runPaths('').winner) : fileOf(`${toFileName(name)}-${index}`, checkpoint),
    described: {
      network: name,
      networkIndex: index,
      ...(checkpoint === 'best' && best?.validation?.[index]?.ema && { ema: true }),
    },
    validation: best?.validation?.[index],
  };
}

function wholeGroup(
  { networks, graphs }: Group,
  { best, settings }: Checkpoint,
  { network, checkpoint }: ExportOptions,
): Subject {
  if (network !== undefined) {
    fail('export', 'both one network and the ensemble are asked for', { hint: 'Leave one of them out' });
  }
  return {
    networks,
    graph: ensembleGraph(graphs, settings.task),
    prefix: '',
    name: 'the ensemble',
    file: fileOf('ensemble', checkpoint),
    described: { ensemble: networks.map(({ name }) => name) },
    validation: best?.ensemble,
  };
}

const fileOf = (name: string, checkpoint: ExportOptions['checkpoint']) =>
  `${name}${checkpoint === 'last' ? '-last' : ''}.onnx`;

function chooseNetwork({ networks }: Group, wanted: string): NetworkInfo {
  const matches = networks.filter(({ index, name }) => String(index) === wanted || name === wanted);
  if (matches.length === 1) return at(matches, 0);
  const list = networks.map(({ index, name }) => `${index} (${name})`).join(', ');
  return fail('export', `network "${wanted}"`, {
    expected: `one of ${list}`,
    got: matches.length === 0 ? 'none of them' : 'more than one of that name',
    hint: 'Give its index',
  });
}

/** Which weights its networks began with, and under which licence. */
function weightsOf(record: WeightsRecord | undefined, { networks }: Subject) {
  const own = networks.flatMap(({ index }) => record?.[index] ?? []);
  return own.length > 0 ? { weights: own.map(withoutPlaces) } : {};
}

/** Where a model comes from. */
function describe(
  { settings, best, position }: Checkpoint,
  { described, validation }: Subject,
  { testAccuracy, testMap, checkpoint }: ExportOptions,
): Readonly<Record<string, unknown>> {
  const isBest = checkpoint === 'best' && best !== null;
  return {
    format: FORMATS.model.version,
    version: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
    ...described,
    checkpoint,
    epochs: isBest ? best.epoch + 1 : position.epoch,
    ...(isBest && validation && measuredOn(validation)),
    ...(testAccuracy !== undefined && { testAccuracy }),
    ...(testMap !== undefined && { testMap }),
    settings: withoutFolders(settings),
  };
}

function measuredOn({ map, accuracy }: Evaluation): Readonly<Record<string, number>> {
  return map === undefined ? { validationAccuracy: accuracy } : { validationMap: map };
}
