import type { ModelProto, ValueInfoProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import type { Task } from '../util/task.js';
import { type ChannelsFirst, channelsFirst } from './channels-first.js';
import { inSinglePrecision } from './half-precision.js';
import { inInferenceForm } from './inference-form.js';
import { chooseOutput, type OutputChoice } from './output-choice.js';

/** What a caller knows of a classifier from elsewhere. */
export interface ForeignOptions {
  /** What an image may have: one class (the default), which softmax tells, or any number of them, which sigmoids tell. */
  readonly task?: Task | undefined;
  /** The value that holds the class scores: an output, or any other value by its name. */
  readonly output?: string | undefined;
  /** The flag that gives it, for messages (`--output`). */
  readonly outputFlag?: string;
  /** Whether 16-bit floats stay as they are, to run the model as its file says (they become float32). */
  readonly asStored?: boolean;
}

/** A classifier of any origin, in the one form that Agon works with. */
export interface ForeignModel extends ChannelsFirst {
  /** The output's name: [N, classes], or with axes of size 1 beside them. */
  readonly output: string;
  /** What the structure alone says of the output: that it has logits, or how its numbers are to be read. */
  readonly scores: OutputChoice['scores'];
}

/**
 * Brings an ONNX classifier into the form that Agon works with; the only place that knows how they differ: images as
 * [N, H, W, C], 16-bit floats, training mode, several outputs, a Softmax at the end. What its numbers mean is for `readingOf`. Errors name `where`.
 */
export function foreignModel(given: ModelProto, where: string, options: ForeignOptions = {}): ForeignModel {
  const model = inInferenceForm(options.asStored ? given : inSinglePrecision(given));
  const placed = channelsFirst(model, where);
  const { name, scores } = chooseOutput(model, where, options);
  const served = { ...placed.model, graph: { ...placed.model.graph, output: [outputInfo(model, name)] } };
  return { ...placed, model: served, output: name, scores };
}

function outputInfo({ graph }: ModelProto, name: string): ValueInfoProto {
  const known = [...graph.output, ...(graph.valueInfo ?? [])].find((info) => info.name === name);
  return known ?? { name, type: { tensorType: { elemType: codeOfDtype('float32') } } };
}
