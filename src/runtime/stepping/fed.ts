import type { Graph } from '../../graph/graph.js';
import type { DType, Tensor } from '../../onnx/tensor.js';
import type * as ort from '../onnxruntime.js';
import { type Feeds, toOrt } from '../session.js';

/** The types of what a lowered graph is fed, by name: a target may take labels in fewer bits. */
export type FedTypes = ReadonlyMap<string, DType>;

export function fedTypes({ inputs }: Graph): FedTypes {
  return new Map(inputs.map(({ name, dtype }) => [name, dtype]));
}

/** What a session is fed: tensors in the types of its graph. */
export function toFeeds(given: Feeds, types: FedTypes): Record<string, ort.Tensor> {
  return Object.fromEntries(Object.entries(inTypes(given, types)).map(([name, value]) => [name, toOrt(value)]));
}

/** What is fed, in the types of the graph. */
export function inTypes(given: Feeds, types: FedTypes): Feeds {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, inType(value, types.get(name))]));
}

function inType(value: Tensor, dtype: DType | undefined): Tensor {
  if (dtype !== 'int32' || !(value.data instanceof BigInt64Array)) return value;
  return { dtype, dims: value.dims, data: Int32Array.from(value.data, Number) };
}
