import { channelsFirst } from '../foreign/channels-first.js';
import type { ForeignOptions } from '../foreign/foreign-model.js';
import { inSinglePrecision } from '../foreign/half-precision.js';
import { inInferenceForm } from '../foreign/inference-form.js';
import { inputsOf, shapeOf } from '../foreign/input-layout.js';
import { chooseOutput, type OutputChoice } from '../foreign/output-choice.js';
import type { Reading } from '../foreign/reading.js';
import { fromModel } from '../graph/import/from-model.js';
import { cutBefore } from '../onnx/cut.js';
import type { GraphProto, ModelProto } from '../onnx/model.js';
import { fromTensorProto } from '../onnx/tensor-proto.js';
import { fail } from '../util/error.js';
import { imageOf, inputOf } from './imported-images.js';
import { type ImportedNetwork, onImages } from './imported-network.js';
import { naming } from './naming.js';

export interface ImportModelOptions extends ForeignOptions {
  /** What its scores are: logits, unless said otherwise. */
  readonly reading?: Reading;
  /** Height and width of its images, where the model leaves them open. */
  readonly size?: { readonly height: number; readonly width: number };
  /** Whether one that can't be trained is imported as well (it is an error). */
  readonly untrainable?: boolean;
}

/** The network of an inference model, and how its scores were chosen. */
export interface ImportedModel extends ImportedNetwork {
  readonly choice: OutputChoice;
  /** What was done to the model, each in one line. */
  readonly notes: readonly string[];
}

const WHOLE_NUMBERS = [
  'QuantizeLinear',
  'DequantizeLinear',
  'QLinearConv',
  'QLinearMatMul',
  'ConvInteger',
  'MatMulInteger',
];

function checkNumbers({ graph }: ModelProto, where: string): void {
  const found = graph.node.find(({ opType }) => WHOLE_NUMBERS.includes(opType));
  if (!found) return;
  fail(where, `it computes with whole numbers (${found.opType}), which can't be trained`, {
    hint: 'Take the model of float32 that it was made from',
  });
}

/**
 * The network of an inference model, with the weights that are in it: what makes its class scores (`chooseOutput`), with
 * images as [N, C, H, W], and the logarithm of what it gives where that is probabilities. Errors name the file.
 */
export function importModel(given: ModelProto, where: string, options: ImportModelOptions = {}): ImportedModel {
  return naming(where, () => {
    checkNumbers(given, where);
    const model = inInferenceForm(inSinglePrecision(given));
    const stored = new Map(model.graph.initializer.map((proto) => [proto.name ?? '', fromTensorProto(proto)]));
    const choice = chooseOutput(model, where, options);
    const cut = cutBefore(choice.name, model);
    checkInputs(cut, stored, where);
    const { model: served, notes } = withImages({ ...model, graph: cut }, where);
    const places = { model: where, checkpoint: where };
    const { name: input, shape } = inputOf(served.graph, stored, places, options.size);
    const { graph, parameters } = fromModel(served, { inputShapes: new Map([[input, shape]]), freeBatch: true });
    const network = onImages(graph, {
      input,
      logits: choice.name,
      isFrozen: () => false,
      parameters,
      image: imageOf(where, shape, undefined),
      ...(options.reading && { reading: options.reading }),
      ...(options.untrainable && { untrainable: true }),
    });
    return { ...network, choice, notes };
  });
}

/** Images with channels first, or numbers [N, D] as they are. */
function withImages(model: ModelProto, where: string): { model: ModelProto; notes: readonly string[] } {
  const [input] = inputsOf(model.graph);
  return input && shapeOf(input).length === 4 ? channelsFirst(model, where) : { model, notes: [] };
}

function checkInputs({ input }: GraphProto, stored: ReadonlyMap<string, unknown>, where: string): void {
  const names = input.map(({ name }) => name).filter((name) => !stored.has(name));
  if (names.length === 1) return;
  const got = names.slice(0, 3).join(', ') + (names.length > 3 ? `, and ${names.length - 3} more` : '');
  fail(where, 'its inputs', { expected: 'one, images, with all weights in the file', got: got || 'none' });
}
