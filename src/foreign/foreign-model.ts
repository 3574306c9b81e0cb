import type { Shape } from '../graph/dim.js';
import { AttributeType, type ModelProto, type ValueInfoProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { type ImageInput, inputOf } from './input-layout.js';
import { chooseOutput, type OutputChoice } from './output-choice.js';

/** What a caller knows of a classifier from elsewhere. */
export interface ForeignOptions {
  /** The value that holds the class scores: an output, or any other value by its name. */
  readonly output?: string | undefined;
  /** The flag that gives it, for messages (`--output`). */
  readonly outputFlag?: string;
}

/** A classifier of any origin, in the one form that Agon works with. */
export interface ForeignModel {
  /** With one input of images [N, C, H, W], and the chosen value as its only output. */
  readonly model: ModelProto;
  /** The input's name. */
  readonly input: string;
  /** [N, C, H, W], where N is a number if the file fixes its batch. */
  readonly shape: Shape;
  /** The output's name: [N, classes], or with axes of size 1 beside them. */
  readonly output: string;
  /** What the structure alone says of the output: that it has logits, or how its numbers are to be read. */
  readonly scores: OutputChoice['scores'];
  /** What was done to the model, each in one line. */
  readonly notes: readonly string[];
}

/**
 * Brings an ONNX classifier into the form that Agon works with; the only place that knows how they differ: images as
 * [N, H, W, C], several outputs, a Softmax at the end. What its numbers mean is for `readingOf`. Errors name `where`.
 */
export function foreignModel(model: ModelProto, where: string, options: ForeignOptions = {}): ForeignModel {
  const images = inputOf(model, where);
  const { name, scores } = chooseOutput(model, where, options);
  const output = [outputInfo(model, name)];
  const served = { ...model, graph: { ...model.graph, output } };
  if (images.layout === 'NCHW')
    return { model: served, input: images.name, shape: images.shape, output: name, scores, notes: [] };
  const input = freeName(served, `${images.name}_nchw`);
  const notes = [`its images are [N, H, W, C]: a Transpose of [N, C, H, W] is put in front of "${images.name}"`];
  return { model: withTranspose(served, images, input), input, shape: images.shape, output: name, scores, notes };
}

function outputInfo({ graph }: ModelProto, name: string): ValueInfoProto {
  const known = [...graph.output, ...(graph.valueInfo ?? [])].find((info) => info.name === name);
  return known ?? { name, type: { tensorType: { elemType: codeOfDtype('float32') } } };
}

/** The model with an input [N, C, H, W], from which the old one [N, H, W, C] is made. */
function withTranspose(model: ModelProto, { name, shape, info }: ImageInput, input: string): ModelProto {
  const { graph } = model;
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  const elemType = info.type?.tensorType?.elemType ?? codeOfDtype('float32');
  const transpose = {
    opType: 'Transpose',
    name: `${input}/Transpose`,
    input: [input],
    output: [name],
    attribute: [{ name: 'perm', type: AttributeType.INTS, ints: [0, 2, 3, 1] }],
  };
  const replaced = { name: input, type: { tensorType: { elemType, shape: { dim } } } };
  return {
    ...model,
    graph: {
      ...graph,
      input: graph.input.map((each) => (each.name === name ? replaced : each)),
      node: [transpose, ...graph.node],
    },
  };
}

function freeName({ graph }: ModelProto, wanted: string): string {
  const taken = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  let name = wanted;
  while (taken.has(name)) name += '_';
  return name;
}
