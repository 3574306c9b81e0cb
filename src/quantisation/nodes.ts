import {
  type AttributeProto,
  AttributeType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from '../onnx/model.js';
import type { Tensor } from '../onnx/tensor.js';
import { fromTensorProto } from '../onnx/tensor-proto.js';

/** How many times each value is read; an output of the graph counts as read. */
export function readsOf({ node, output }: GraphProto): Map<string, number> {
  const reads = new Map<string, number>();
  const names = [...node.flatMap(({ input }) => input), ...output.map(({ name }) => name)];
  for (const name of names) reads.set(name, (reads.get(name) ?? 0) + 1);
  return reads;
}

/** The stored tensors by name. */
export function storedIn({ initializer }: GraphProto): Map<string, TensorProto> {
  return new Map(initializer.map((proto) => [proto.name ?? '', proto]));
}

/** A stored tensor of float32; undefined for one that isn't there or is of another type. */
export function storedFloats(stored: ReadonlyMap<string, TensorProto>, name = ''): Tensor<'float32'> | undefined {
  const proto = stored.get(name);
  const value = proto && fromTensorProto(proto);
  return value?.dtype === 'float32' ? (value as Tensor<'float32'>) : undefined;
}

export function attributeOf({ attribute = [] }: NodeProto, wanted: string): AttributeProto | undefined {
  return attribute.find(({ name }) => name === wanted);
}

export function integer(name: string, value: number): AttributeProto {
  return { name, type: AttributeType.INT, i: value };
}

/** A node with one output. */
export function nodeOf(
  opType: string,
  input: readonly string[],
  output: string,
  attribute: readonly AttributeProto[] = [],
): NodeProto {
  return { opType, name: output, input, output: [output], ...(attribute.length > 0 && { attribute }) };
}
