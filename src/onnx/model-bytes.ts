import { fail } from '../util/error.js';
import { concatenate, delimited, totalLength } from './chunks.js';
import { decodeMessage, encodeMessage, fieldNumber } from './codec.js';
import type { GraphProto, ModelProto, TensorProto } from './model.js';

/** Protobuf's limit for one message, in bytes. */
const LARGEST_MESSAGE = 2 ** 31 - 1;

/** The first IR version that requires opset imports. */
const FIRST_WITH_OPSETS = 3;

/**
 * Decodes an ONNX model (see model.ts). Initializers are views into `bytes`, which must stay as they are. Anything but
 * a model is an {@link AgonError} at `name`; external data is left where it is.
 */
export function decodeModel(bytes: Uint8Array, name = 'ONNX model'): ModelProto {
  if (bytes.length === 0) fail(name, 'is empty', { expected: 'an ONNX model' });
  if (bytes.length > LARGEST_MESSAGE) {
    fail(name, 'is too large for an ONNX model', {
      expected: `at most ${LARGEST_MESSAGE} bytes`,
      got: `${bytes.length}`,
    });
  }
  const model = decodeMessage('ModelProto', bytes, name);
  if (!model.graph || model.irVersion <= 0) fail(name, `is no ONNX model: no ${model.graph ? 'IR version' : 'graph'}`);
  if (model.opsetImport.length === 0 && model.irVersion >= FIRST_WITH_OPSETS) {
    fail(name, 'imports no operator set', { hint: 'The file is cut short or damaged' });
  }
  return model;
}

/**
 * Encodes a model. The graph comes last and its initializers last in it, each copied once, straight to its place.
 * What doesn't fit the schema, and a model beyond protobuf's 2 GiB, is an {@link AgonError} at `name`.
 */
export function encodeModel(model: ModelProto, name = 'ONNX model'): Uint8Array {
  const { graph, ...head } = model;
  const chunks = [
    encodeMessage('ModelProto', head, name),
    ...delimited(fieldNumber('ModelProto', 'graph'), graphChunks(graph, name)),
  ];
  const size = totalLength(chunks);
  if (size > LARGEST_MESSAGE) {
    fail(name, 'is too large for one ONNX file', { expected: `at most ${LARGEST_MESSAGE} bytes`, got: `${size}` });
  }
  return concatenate(chunks);
}

function graphChunks({ initializer, ...head }: GraphProto, name: string): Uint8Array[] {
  const number = fieldNumber('GraphProto', 'initializer');
  return [
    encodeMessage('GraphProto', head, name),
    ...initializer.flatMap((proto) => delimited(number, tensorChunks(proto, name))),
  ];
}

function tensorChunks({ rawData, ...head }: TensorProto, name: string): Uint8Array[] {
  const raw = rawData ? delimited(fieldNumber('TensorProto', 'rawData'), [rawData]) : [];
  return [encodeMessage('TensorProto', head, name), ...raw];
}
