import { type ImportedModel, importModel } from '../artifacts/import-model.js';
import { type RestoredNorm, withRestoredNorms } from '../foreign/folded-norms.js';
import { inSinglePrecision } from '../foreign/half-precision.js';
import { hasImageInput, withoutImageInput } from '../foreign/image-input.js';
import { inputOf, inputsOf, shapeOf } from '../foreign/input-layout.js';
import type { Weighted } from '../foreign/new-head.js';
import { beforeActivation } from '../foreign/output-choice.js';
import { Graph } from '../graph/graph.js';
import { inline } from '../graph/inline.js';
import { readModelFile } from '../onnx/file.js';
import type { ModelProto } from '../onnx/model.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import { fitHead } from './fit-head.js';
import { type ModelFacts, readModelFacts } from './model-facts.js';

/** The images and classes that a network is for. */
export interface NetworkData {
  readonly classes: readonly string[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Norms that were put back, whose values are to be measured. */
export interface UnmeasuredNorms {
  /** The network without them, which gives what they are measured of. */
  readonly source: Weighted;
  readonly norms: readonly RestoredNorm[];
}

/** The network of a model, as training begins with it. */
export interface BegunNetwork {
  /** Input `images` [N, channels, height, width], outputs `logits` [N, classes] and `features`. */
  readonly graph: Graph;
  /** Values of parameters by name; others are drawn. */
  readonly parameters: Weighted['parameters'];
  readonly restored?: UnmeasuredNorms;
  /** What was done to it, in parts of a sentence. */
  readonly notes: readonly string[];
}

/** An ONNX model's file, open as a network to train. */
export interface ModelNetwork {
  readonly path: string;
  readonly facts: ModelFacts;
  /** Height and width of its images, where the model fixes them. */
  readonly size: Side | undefined;
  /** The network for some data. Data that it can't be for are an error. */
  begin(data: NetworkData, options: { readonly restoreNorms: boolean }): BegunNetwork;
}

type Side = { readonly height: number; readonly width: number };

const USUAL: Side = { height: 224, width: 224 };

/** For a model of several outputs: settings of a run name none. */
export const OUTPUT_HINT = { outputFlag: 'agon artifacts export --from MODEL --output' };

/** A model that was read. */
interface ReadModel extends Pick<ModelNetwork, 'facts' | 'size'> {
  readonly model: ModelProto;
  /** Whether the file takes images as they are: `model` is without that part. */
  readonly preparesImages: boolean;
}

/** Reads a model, in float32, and what is known of it. */
export async function readModel(path: string): Promise<ReadModel> {
  const whole = await readModelFile(path);
  const model = inSinglePrecision(withoutImageInput(whole));
  const facts = await readModelFacts(model, path);
  return { model, facts, size: fixedSize(model, path), preparesImages: hasImageInput(whole) };
}

/** The images to import a model for before the data are known. */
export function sizeToImport(fixed: ModelNetwork['size'], { images }: ModelFacts): Side {
  const usual = images?.size;
  return fixed ?? (usual ? { height: usual, width: usual } : USUAL);
}

/**
 * Opens an ONNX classifier of any origin to train it: with images as [N, C, H, W], any batch, in float32, without the Softmax or Sigmoid at
 * its end. One that can't be trained is an error that names the operators in the way.
 */
export async function openModelNetwork(path: string): Promise<ModelNetwork> {
  const { model, facts, size } = await readModel(path);
  const importAt = importer(model, path);
  // Whether it can be trained at all is known before the data are read
  importAt(sizeToImport(size, facts));
  return { path, facts, size, begin: (data, options) => begin(importAt(data), path, facts, data, options) };
}

/** Imports the model for images of some size; again only where that is another one. */
function importer(model: ModelProto, path: string) {
  const output = beforeActivation(model, path, OUTPUT_HINT);
  let last: { readonly key: string; readonly network: ImportedModel } | undefined;
  return ({ height, width }: Side): ImportedModel => {
    const key = `${height}x${width}`;
    if (last?.key !== key) last = { key, network: importModel(model, path, { output, size: { height, width } }) };
    return last.network;
  };
}

function fixedSize(model: ModelProto, path: string): ModelNetwork['size'] {
  const [input] = inputsOf(model.graph);
  if (input && shapeOf(input).length === 2) {
    const { height, width } = importer(model, path)(USUAL).image;
    return { height, width };
  }
  const [, , height, width] = inputOf(model, path).shape;
  return typeof height === 'number' && typeof width === 'number' ? { height, width } : undefined;
}

function begin(
  imported: ImportedModel,
  where: string,
  { labels }: ModelFacts,
  data: NetworkData,
  { restoreNorms }: { readonly restoreNorms: boolean },
): BegunNetwork {
  const { network, note } = fitHead({ ...imported, labels, where }, data.classes);
  const source = { ...network, graph: forImages(network.graph, imported.image, data, where) };
  const restored = restoreNorms ? withRestoredNorms(source.graph) : undefined;
  const notes = [note, ...imported.notes];
  if (!restored) return { ...source, notes };
  const { graph, norms } = restored;
  const values = [...source.parameters].filter(([name]) => graph.parameters.has(name));
  return { graph, parameters: new Map(values), restored: { source, norms }, notes };
}

/** The network for the data's images: grey ones are given to each of three channels. */
function forImages(source: Graph, own: ImportedModel['image'], data: NetworkData, where: string): Graph {
  const textOf = ({ channels, height, width }: ImportedModel['image']) => `${channels}x${height}x${width}`;
  const isGrey = own.channels === 3 && data.channels === 1;
  if (textOf(own) !== textOf(isGrey ? { ...data, channels: 3 } : data)) {
    const hint =
      own.channels < data.channels
        ? '--channels 1 makes the images grey'
        : `Its size is fixed: leave out --size${own.height === own.width ? `, or give --size ${own.height}` : ''}`;
    fail(where, "it takes other images than the data's", { expected: textOf(own), got: textOf(data), hint });
  }
  if (!isGrey) return source;
  const graph = new Graph(source.name);
  const images = graph.input('images', 'float32', ['N', 1, data.height, data.width]);
  const coloured = graph.op('Concat', [images, images, images], { axis: 1 });
  const copied = inline(source, graph, { bind: new Map([[at(source.inputs, 0).name, coloured]]) });
  for (const [name, value] of source.outputs) graph.output(name, present(copied.get(value), name));
  return graph;
}
