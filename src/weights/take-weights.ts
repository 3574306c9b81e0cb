import type { Graph } from '../graph/graph.js';
import { shapeText, type Tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';
import { printable } from '../util/printable.js';
import { asFloat32, rescaleNorm } from './adapt.js';
import { type Closest, closestNetwork } from './closest.js';
import type { WeightsFile } from './files/weights-file.js';
import { type Fit, fitOf, isGreyOf, type Misfit, shapeOf } from './fit.js';
import { greyStem, shifted, stemMean } from './grey.js';
import { normsOf, stemOf } from './network.js';
import { twinNote } from './twin.js';

/** The share of the network's numbers, and of the file's, below which they don't belong together. */
const LEAST = 0.9;

/** How much better another network must fit to be named: the first layer may be that of grey images here. */
const NEARLY = 0.02;

/** timm's default of BatchNormalization; its networks from TensorFlow (`tf_`) have {@link TENSORFLOW_EPSILON}. */
const TIMM_EPSILON = 1e-5;
const TENSORFLOW_EPSILON = 1e-3;

/** A parameter that has no value from the file. */
export interface DrawnAnew {
  readonly name: string;
  /** It belongs to the layer that makes the logits. */
  readonly head: boolean;
  readonly why: Misfit | 'asked';
  readonly shape: readonly number[];
  /** The shape of the file's tensor, if there is one. */
  readonly given?: readonly number[];
}

/** What a network begins with from a file. */
export interface TakenWeights {
  readonly network: string;
  readonly where: string;
  /** Values of parameters by name, float32, in the network's shapes. */
  readonly values: ReadonlyMap<string, Tensor>;
  /** The parameters among them, and the file's names of their tensors. */
  readonly taken: readonly { readonly name: string; readonly from: string }[];
  readonly drawnAnew: readonly DrawnAnew[];
  /** The file's names of tensors that no parameter takes. */
  readonly unused: readonly string[];
  /** Full sentences: a smoothed copy, timm's names, grey images, anything adapted. */
  readonly notes: readonly string[];
}

export interface TakeOptions {
  /** Whether the file's head is taken where its shape is the network's; it is where this is left out. */
  readonly head?: 'keep' | 'new';
  /** Names `graph` in messages; the graph's own name when left out. */
  readonly network?: string;
}

/**
 * What a network begins with from a file's weights: all parameters that have a tensor of their name (torchvision's or timm's) and shape. The
 * head is drawn anew where the classes differ. A file that has less than nine tenths of the network, or that another network of the zoo
 * fits better, is an error that names the closest one.
 */
export function takeWeights(graph: Graph, file: WeightsFile, options: TakeOptions = {}): TakenWeights {
  const { head = 'keep', network = graph.name } = options;
  const fit = fitOf(graph, file);
  checkFit(fit, file, network);
  checkStem(graph, fit, file, network);
  const kept = [...fit.suited].filter(([name]) => head === 'keep' || !fit.head.has(name));
  const { values, notes } = adapted(graph, file, fit, new Map(kept));
  return {
    network,
    where: file.where,
    values,
    taken: kept.map(([name, { name: from }]) => ({ name, from })),
    drawnAnew: drawnAnew(graph, fit, values),
    unused: fit.unused.map(({ name }) => name),
    notes: [...file.notes, ...notes, ...twinNote(network, file.config, classesIn(fit))],
  };
}

/** The classes of the file's head. */
function classesIn({ head, reading }: Fit): number | undefined {
  const [weight] = head;
  return weight === undefined ? undefined : reading.tensors.get(weight)?.tensor.dims[0];
}

function checkFit(fit: Fit, file: WeightsFile, network: string): void {
  if (fit.found >= LEAST && fit.used >= LEAST) return;
  const closest = closestNetwork(file);
  if (fit.found >= LEAST && closest.share <= fit.used + NEARLY) return;
  fail(file.where, `its weights are not those of ${network}`, {
    expected: `at least ${percent(LEAST)} of the network's numbers, and no network that fits better`,
    got: `${percent(fit.found)}, with ${percent(fit.used)} of the file's in use`,
    hint: hintFor(file, closest, network),
  });
}

/** Fails where the first layer has no value: what follows is of little use behind a random one. */
function checkStem(graph: Graph, { misfits, reading }: Fit, file: WeightsFile, network: string): void {
  const { weight } = stemOf(graph) ?? {};
  if (weight === undefined || !misfits.has(weight)) return;
  const given = reading.tensors.get(weight);
  fail(file.where, `its weights are not those of ${network}: the first layer, ${weight}`, {
    expected: shapeText(shapeOf(graph, weight)),
    got: given ? `${given.tensor.dtype} ${shapeText(given.tensor.dims)}` : 'none',
    hint: hintFor(file, closestNetwork(file), network),
  });
}

function hintFor({ format, tensors }: WeightsFile, { network: closest, share }: Closest, network: string): string {
  if (share >= LEAST && closest === network) return 'They are made for images with another number of channels';
  if (share >= 0.5 && closest !== network)
    return `They fit ${closest} (${percent(share)}): train that, or take other weights`;
  const normless = format === 'onnx' && ![...tensors.keys()].some((name) => name.endsWith('running_var'));
  if (normless)
    return 'The model was exported for inference, with its norms folded into the convolutions: take the weights that it was exported from';
  return `No network of the zoo fits them (closest: ${closest}, ${percent(share)}); the file's first tensors: ${firstTensors(tensors)}`;
}

function firstTensors(tensors: WeightsFile['tensors']): string {
  const first = [...tensors]
    .slice(0, 3)
    .map(([name, { dims }]) => `${printable(name).slice(0, 80)} ${shapeText(dims)}`);
  return first.join(', ');
}

/** Shares of nine tenths and more are never shown as the whole. */
function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

function adapted(
  graph: Graph,
  file: WeightsFile,
  { reading }: Fit,
  kept: Fit['suited'],
): { values: Map<string, Tensor>; notes: string[] } {
  const notes = reading.smoothed ? ['Taken is the smoothed (EMA) copy in the file.'] : [];
  const values = new Map<string, Tensor>();
  for (const [name, { tensor }] of kept) {
    const shape = shapeOf(graph, name);
    values.set(name, asFloat32(tensor, isGreyOf(tensor.dims, shape) ? tensor.dims : shape));
  }
  const stem = stemOf(graph)?.weight ?? '';
  if (isGreyOf(values.get(stem)?.dims ?? [], shapeOf(graph, stem))) notes.push(toGrey(graph, file, values, stem));
  if (reading.names === 'timm') notes.push(...fromTimm(graph, file, values));
  checkNumbers(graph, values, file.where);
  return { values, notes };
}

/** Makes the first layer one for grey images, in place; returns what there is to say. */
function toGrey(graph: Graph, { config }: WeightsFile, values: Map<string, Tensor>, stem: string): string {
  const colours = present(values.get(stem), stem);
  const { weights, shifts } = greyStem(colours, shapeOf(graph, stem), config?.preprocessing);
  values.set(stem, weights);
  const name = stemMean(graph);
  const mean = name === undefined ? undefined : values.get(name);
  if (name !== undefined && mean) values.set(name, shifted(mean, shifts));
  return `For grey images the weights of ${stem} are summed over red, green and blue.`;
}

/** Fails on what no training leaves that went well: numbers that are not finite, variances below 0. */
function checkNumbers(graph: Graph, values: ReadonlyMap<string, Tensor>, where: string): void {
  for (const [name, { data }] of values) {
    if ((data as Float32Array).every(Number.isFinite)) continue;
    fail(where, `tensor ${name}`, { expected: 'finite numbers', got: 'others as well', hint: DAMAGED });
  }
  for (const { variance } of normsOf(graph)) {
    const data = values.get(variance)?.data as Float32Array | undefined;
    const wrong = data?.find((value) => value < 0);
    if (wrong !== undefined)
      fail(where, `tensor ${variance}`, { expected: 'numbers >= 0', got: `${wrong}`, hint: DAMAGED });
  }
}

const DAMAGED = 'The weights are damaged, or their training went wrong: take others';

/** Brings norms of timm's to the network's epsilon, in place; returns what there is to say. */
function fromTimm(graph: Graph, { config }: WeightsFile, values: Map<string, Tensor>): string[] {
  const tensorflow = config?.architecture?.startsWith('tf_') ?? false;
  const from = tensorflow ? TENSORFLOW_EPSILON : TIMM_EPSILON;
  const norms = normsOf(graph).filter(({ epsilon }) => Math.abs(epsilon - from) > 1e-9);
  for (const { weight, variance, epsilon } of norms) {
    const [own, spread] = [values.get(weight), values.get(variance)];
    if (own && spread) values.set(weight, rescaleNorm(own, spread, from, epsilon));
  }
  const scaled =
    norms.length > 0 ? [`Norms are rescaled from epsilon ${from} to ${present(norms[0], 'norm').epsilon}.`] : [];
  const padded = tensorflow
    ? [
        "The weights are TensorFlow's, which pads another side at stride 2: at sizes 32 k + 1 (193, 225) nothing changes.",
      ]
    : [];
  return ["The file has timm's names.", ...scaled, ...padded];
}

function drawnAnew(graph: Graph, { head, misfits, reading }: Fit, values: ReadonlyMap<string, Tensor>): DrawnAnew[] {
  const names = [...graph.parameters]
    .filter(([name, { role }]) => role !== 'optimizer' && !values.has(name))
    .map(([name]) => name);
  return names.map((name) => {
    const given = reading.tensors.get(name)?.tensor.dims;
    const why = misfits.get(name) ?? 'asked';
    return { name, head: head.has(name), why, shape: shapeOf(graph, name), ...(given && { given }) };
  });
}
