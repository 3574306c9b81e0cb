import { fromModel } from '../graph/from-model.js';
import { cutBefore } from '../onnx/cut.js';
import type { GraphProto, ModelProto } from '../onnx/model.js';
import { fromTensorProto } from '../onnx/tensor-proto.js';
import { fail } from '../util/error.js';
import { imageOf, inputOf } from './imported-images.js';
import { type ImportedNetwork, onImages } from './imported-network.js';
import { naming } from './naming.js';

/**
 * The network of an inference model, with the weights that are in it: what makes its output `logits`, or its only output;
 * where a Softmax makes that, what goes into it. Errors name the file.
 */
export function importModel(model: ModelProto, where: string): ImportedNetwork {
  return naming(where, () => {
    const stored = new Map(model.graph.initializer.map((proto) => [proto.name ?? '', fromTensorProto(proto)]));
    const logits = logitsOf(model, where);
    const cut = cutBefore(logits, model);
    checkInputs(cut, stored, where);
    const { name: input, shape } = inputOf(cut, stored, { model: where, checkpoint: where });
    const { graph, parameters } = fromModel(
      { ...model, graph: cut },
      { inputShapes: new Map([[input, shape]]), freeBatch: true },
    );
    return onImages(graph, {
      input,
      logits,
      isFrozen: () => false,
      parameters,
      image: imageOf(where, shape, undefined),
    });
  });
}

function checkInputs({ input }: GraphProto, stored: ReadonlyMap<string, unknown>, where: string): void {
  const names = input.map(({ name }) => name).filter((name) => !stored.has(name));
  if (names.length === 1) return;
  const got = names.slice(0, 3).join(', ') + (names.length > 3 ? `, and ${names.length - 3} more` : '');
  fail(where, 'its inputs', { expected: 'one, images, with all weights in the file', got: got || 'none' });
}

function logitsOf({ graph: { node, output } }: ModelProto, where: string): string {
  const logits = output.find(({ name }) => name === 'logits') ?? (output.length === 1 ? output[0] : undefined);
  if (!logits) {
    const got = output.map(({ name }) => `"${name}"`).join(', ');
    return fail(where, 'its outputs', { expected: 'one, or one called "logits"', got: got || 'none' });
  }
  const producer = node.find((each) => each.output.includes(logits.name));
  return producer?.opType === 'Softmax' ? (producer.input[0] as string) : logits.name;
}
