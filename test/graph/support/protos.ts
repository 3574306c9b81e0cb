import {
  type AttributeProto,
  AttributeType,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../../src/onnx/model.js';
import { tensor } from '../../../src/onnx/tensor.js';
import { toTensorProto } from '../../../src/onnx/tensor-proto.js';

type AttributeValue = number | { readonly f: number } | string | readonly number[] | TensorProto | GraphProto;

/** A node of a model file. Numbers are ints unless they are `{ f }`. */
export function nodeProto(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  name = '',
): NodeProto {
  return {
    opType,
    input,
    output,
    name,
    attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
  };
}

/** A tensor input or output; `?` is an unknown size. */
export function valueProto(name: string, dims?: readonly (number | string)[], elemType = 1): ValueInfoProto {
  const dim = dims?.map((size) =>
    typeof size === 'number' ? { dimValue: size } : size === '?' ? {} : { dimParam: size },
  );
  return { name, type: { tensorType: { elemType, ...(dim && { shape: { dim } }) } } };
}

/** A float32 initializer whose elements count up from 0 in steps of 0.5. */
export function weightProto(name: string, ...dims: number[]): TensorProto {
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i / 2);
  return toTensorProto(name, tensor('float32', dims, data));
}

export function integersProto(name: string, ...values: number[]): TensorProto {
  return toTensorProto(name, tensor('int64', [values.length], values));
}

export function modelProto(version: number, graph: Partial<GraphProto>): ModelProto {
  return {
    irVersion: version < 9 ? 3 : 8,
    opsetImport: [{ version }],
    graph: { name: 'model', node: [], initializer: [], input: [], output: [], ...graph },
  };
}

function attributeProto(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if ('f' in value) return { name, type: AttributeType.FLOAT, f: value.f };
  if ('dataType' in value) return { name, type: AttributeType.TENSOR, t: value };
  if ('node' in value) return { name, type: AttributeType.GRAPH, g: value };
  return { name, type: AttributeType.INTS, ints: value };
}
