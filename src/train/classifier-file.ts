import type * as ort from 'onnxruntime-node';
import { readMetadata } from '../export/model-metadata.js';
import { formatShape, type Shape } from '../graph/dim.js';
import { fromModel } from '../graph/from-model.js';
import { toModel } from '../graph/to-model.js';
import { lower } from '../lower/lower.js';
import { portable } from '../lower/portable.js';
import { encodeModel, readModelFile } from '../onnx/file.js';
import type { ModelProto, ValueInfoProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { fromOrt, openSession, runSession, toOrt } from '../runtime/session.js';
import { fail } from '../util/error.js';
import type { Classifier, ClassifierOptions } from './classifier.js';

/**
 * An ONNX model as a classifier: one that Agon exported, or any with one input, float32 images [N, C, H, W], and its logits
 * [N, classes] as output `logits` or as its only one. Where a Softmax makes that output, what goes into it is taken. A batch
 * size that the file fixes is freed.
 */
export async function openFileClassifier(path: string, options: ClassifierOptions): Promise<Classifier> {
  const model = await readModelFile(path);
  const { labels, preprocessing } = readMetadata(model, path);
  const images = imagesOf(path, model);
  const shape = shapeOf(images);
  const logits = logitsOf(path, model);
  const served = { ...model, graph: { ...model.graph, output: [logits] } };
  const session = await openSession(encodeModel(isFixed(shape) ? withFreeBatch(served) : served, path), options);
  return {
    classes: labels,
    input: shape,
    normalisation: preprocessing,
    logits: async (batch) => {
      const results = await runSession(session, { [images.name]: toOrt(batch) }, { [logits.name]: null });
      return fromOrt(results[logits.name] as ort.Tensor);
    },
    close: () => session.release(),
  };
}

/** The model's only input, which must be for images. */
function imagesOf(path: string, { graph }: ModelProto): ValueInfoProto {
  // Up to IR version 3 initializers are listed among the inputs too.
  const stored = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !stored.has(name));
  const [images] = inputs;
  const isFloat = images?.type?.tensorType?.elemType === codeOfDtype('float32');
  if (images && inputs.length === 1 && isFloat && shapeOf(images).length === 4) return images;
  const got = inputs.map((input) => `"${input.name}" ${formatShape(shapeOf(input))}`).join(', ');
  return fail(path, 'its inputs', { expected: 'one, float32 images [N, C, H, W]', got: got || 'none' });
}

function shapeOf({ type }: ValueInfoProto): Shape {
  const dims = type?.tensorType?.shape?.dim ?? [];
  // Some exporters write -1 for a size that isn't known.
  return dims.map(({ dimValue = -1, dimParam }, axis) => (dimValue >= 0 ? dimValue : dimParam || `axis_${axis}`));
}

/** The output with the logits, or what a Softmax makes it from: the same numbers but for a constant in each row. */
function logitsOf(path: string, { graph }: ModelProto): ValueInfoProto {
  const { output } = graph;
  const logits = output.find(({ name }) => name === 'logits') ?? (output.length === 1 ? output[0] : undefined);
  if (!logits) {
    const got = output.map(({ name }) => `"${name}"`).join(', ');
    return fail(path, 'its outputs', { expected: 'one, or one called "logits"', got: got || 'none' });
  }
  const producer = graph.node.find((node) => node.output.includes(logits.name));
  return producer?.opType === 'Softmax' ? { ...logits, name: producer.input[0] as string } : logits;
}

function isFixed([batch]: Shape): boolean {
  return typeof batch === 'number';
}

function withFreeBatch(model: ModelProto): ModelProto {
  const { graph, parameters } = fromModel(model, { freeBatch: true });
  return toModel(lower(graph, portable), { parameters });
}
