import { join } from 'node:path';
import { networkPrefix } from '../distill/step.js';
import type { NetworkInfo } from '../events/events.js';
import { IMAGE_OPSET, type Probabilities } from '../foreign/image-input.js';
import { inOperatorSet } from '../graph/operator-sets.js';
import type { Group } from '../group/group.js';
import { openCheckpoint } from '../group/open-checkpoint.js';
import { encodeModel } from '../onnx/file.js';
import type { ModelProto } from '../onnx/model.js';
import { readWeightsRecord, type WeightsRecord } from '../pretrained/record.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { type Checkpoint, tensorsWithoutTrial } from '../store/checkpoint.js';
import { runPaths } from '../store/run-folder.js';
import { fail, present } from '../util/error.js';
import { writeFileWhole } from '../util/files/files.js';
import { USUAL_THRESHOLD } from '../util/task.js';
import { measuredTemperature } from './calibration.js';
import { type Conversion, type ConversionOptions, convertModel } from './conversion.js';
import { imageModel } from './image-model.js';
import { checkPreparation } from './image-parity.js';
import { inferenceModel } from './inference-model.js';
import { metadataOf } from './metadata.js';
import { checkParity } from './parity.js';
import { type Subject, subjectOf } from './subject.js';
import type { Trained } from './trainers-logits.js';

/** What of a run is exported, and how. */
export interface ExportOptions extends ConversionOptions {
  readonly checkpoint: 'best' | 'last';
  /** Index or name of a network; the run's winner when left out. */
  readonly network?: string | undefined;
  /** All networks as one model, whose probabilities are the mean of theirs, instead of one network. */
  readonly ensemble?: boolean | undefined;
  /**
   * The file to write; when left out, in the run's folder `winner.onnx`, or for all else `<network>-<index>[-last].onnx`
   * or `ensemble[-last].onnx`; before the ending stand `-fp16` or `-int8`, and with the input `tensor`, `-tensor`.
   */
  readonly out?: string | undefined;
  /** The ONNX operator set to write it in; the lowest that holds its operators when left out. */
  readonly opset?: number | undefined;
  /**
   * What it takes: `image`, uint8 [N, H, W, 3] of any size, which the graph prepares as Agon does, with probabilities as an output too (the
   * default); or `tensor`, the network's own input, normalised [N, C, height, width].
   */
  readonly input?: ModelInput | undefined;
  /** Whether its probabilities are of logits divided by the temperature that the run's assessment measured. */
  readonly calibrated?: boolean | undefined;
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
  /** What it takes. */
  readonly input: ModelInput;
  /** Largest difference between the exported model's logits in a fresh session and the trainer's, of equal tensors. */
  readonly parity: number;
  /**
   * Of a model that takes images: the largest difference between its probabilities for images of odd sizes and those of the trainer's network
   * for the same images as Agon prepares them.
   */
  readonly preparation?: number;
  /** What its logits are divided by before they become probabilities, where that was asked for. */
  readonly temperature?: number;
  /** Of a model in another precision than float32: how, and how it does beside that one. */
  readonly conversion?: Conversion;
  readonly bytes: number;
  /** The ONNX operator set that it is written in. */
  readonly opset: number;
}

/**
 * Writes a network of a run, or the ensemble of all, as an inference model, after checking it: the encoded bytes run through
 * a fresh session, and what they give must be what the trainer gives. Nothing is written when it isn't.
 */
export async function exportRun(folder: string, options: ExportOptions): Promise<Exported> {
  checkOptions(options);
  const { input = 'image', ensemble = false, check } = options;
  const source = await openSource(folder, options);
  const { subject, temperature } = source;
  const { model, trained } = modelOf(source, options);
  check?.();
  const form = formOf(source, options);
  const plain = form.written(model);
  const difference = await checkForm(model, trained, source, { ...form, bytes: plain.bytes });
  check?.();
  const converted = await toPrecision(model, folder, source, { ...options, where: form.where });
  check?.();
  const { bytes, opset } = converted ? form.written(converted.model) : plain;
  const path = options.out ?? join(folder, fileName(subject, options));
  await writeFileWhole(path, bytes);
  return {
    path,
    networks: subject.networks,
    ensemble,
    input,
    ...difference,
    ...(temperature !== undefined && { temperature }),
    ...(converted && { conversion: converted.conversion }),
    bytes: bytes.length,
    opset,
  };
}

function fileName({ file }: Subject, { input = 'image', precision }: ExportOptions): string {
  return `${file}${precision ? `-${precision}` : ''}${input === 'tensor' ? '-tensor' : ''}.onnx`;
}

/** What is exported, and what is known of it. */
interface Source {
  readonly checkpoint: Checkpoint;
  readonly group: Group;
  readonly subject: Subject;
  readonly temperature: number | undefined;
  readonly weights: WeightsRecord | undefined;
}

async function openSource(folder: string, options: ExportOptions): Promise<Source> {
  const { checkpoint, group } = await openCheckpoint(folder, options.checkpoint);
  const subject = subjectOf(group, checkpoint, options);
  const temperature = options.calibrated
    ? await measuredTemperature(folder, checkpoint, options, subject.network)
    : undefined;
  return { checkpoint, group, subject, temperature, weights: await readWeightsRecord(runPaths(folder).weights) };
}

/** The model that takes tensors, and what it must agree with. */
function modelOf(source: Source, { input = 'image', ensemble, checkpoint: which, ...options }: ExportOptions) {
  const { checkpoint, group, subject } = source;
  const { preprocessing, settings } = checkpoint;
  const tensors = tensorsWithoutTrial(checkpoint);
  const parametersAfter = (prefix: string) => (name: string) => present(tensors.get(prefix + name), prefix + name);
  const channels = input === 'image' ? 3 : preprocessing.channels;
  const about = { which, graphs: group.graphs, channels, onnxruntime: ONNXRUNTIME_VERSION };
  const metadata = metadataOf({ ...source, ...options, ...about });
  const trained: Trained = {
    networks: subject.networks.map(({ index }) => {
      const graph = present(group.graphs[index], 'its graph');
      return { graph, parameterOf: parametersAfter(networkPrefix(index)) };
    }),
    ensemble: ensemble ? settings.task : undefined,
  };
  return { model: inferenceModel(subject.graph, parametersAfter(subject.prefix), metadata), trained };
}

/** How a model that takes tensors becomes the one that is asked for. */
interface Form {
  /** What messages call the export. */
  readonly where: string;
  /** Undefined where it takes tensors. */
  readonly probabilities: Probabilities | undefined;
  written(model: ModelProto): { readonly bytes: Uint8Array; readonly opset: number };
}

function formOf(
  { checkpoint, subject: { name }, temperature }: Source,
  { input = 'image', opset }: ExportOptions,
): Form {
  const { preprocessing, settings } = checkpoint;
  const where = `export of ${name}`;
  const activation = settings.task === 'multi-label' ? 'Sigmoid' : 'Softmax';
  const probabilities: Probabilities | undefined = input === 'image' ? { activation, temperature } : undefined;
  const served = (model: ModelProto) => {
    return probabilities ? imageModel(model, preprocessing, probabilities) : model;
  };
  const written = (model: ModelProto) => {
    const own = inOperatorSet(served(model), where, opset);
    return { bytes: encodeModel(own), opset: opsetOf(own) };
  };
  return { where, probabilities, written };
}

/** How far the model in float32, and its encoded form, are from what was trained. */
async function checkForm(
  model: ModelProto,
  trained: Trained,
  { checkpoint: { preprocessing }, subject: { name } }: Source,
  { where, probabilities, bytes }: Omit<Form, 'written'> & { readonly bytes: Uint8Array },
): Promise<Pick<Exported, 'parity' | 'preparation'>> {
  const parity = await checkParity(name, trained, encodeModel(inOperatorSet(model, where)), preprocessing);
  if (!probabilities) return { parity };
  return { parity, preparation: await checkPreparation(name, trained, bytes, { preprocessing, probabilities }) };
}

/** The model in another precision, where one is asked for. */
async function toPrecision(
  model: ModelProto,
  folder: string,
  { checkpoint, subject }: Source,
  { precision, where, ...options }: ExportOptions & Pick<Form, 'where'>,
) {
  if (precision === undefined) return undefined;
  const threshold = subject.validation?.threshold ?? USUAL_THRESHOLD;
  return convertModel(model, precision, { folder, checkpoint, threshold, where }, options);
}

/** Fails where options contradict each other. */
function checkOptions({ input = 'image', opset, calibrated }: ExportOptions): void {
  if (input === 'image' && opset !== undefined && opset < IMAGE_OPSET) {
    fail('export', `operator set ${opset} can't scale images as Agon does: its Resize has no antialiasing`, {
      expected: `${IMAGE_OPSET} or later`,
      hint: 'A model that takes prepared tensors does without: --input tensor',
    });
  }
  if (input === 'tensor' && calibrated) {
    fail('export', 'a model that takes tensors gives logits alone: there are no probabilities to calibrate', {
      hint: 'Leave out --input tensor or --calibrated',
    });
  }
}

function opsetOf({ opsetImport }: ModelProto): number {
  return present(
    opsetImport.find(({ domain }) => !domain),
    'its operator set',
  ).version;
}
