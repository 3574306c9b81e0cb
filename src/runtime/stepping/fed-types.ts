import type { Graph } from '../../graph/graph.js';
import type { DType, Tensor } from '../../onnx/tensor.js';

/** The types of what a lowered graph is fed, by name: a target may take labels in fewer bits. */
export type FedTypes = ReadonlyMap<string, DType>;

export function fedTypes({ inputs }: Graph): FedTypes {
  return new Map(inputs.map(({ name, dtype }) => [name, dtype]));
}

/** A tensor in the type that a graph takes it in. */
export function inType(value: Tensor, dtype: DType | undefined): Tensor {
  if (dtype !== 'int32' || !(value.data instanceof BigInt64Array)) return value;
  return { dtype, dims: value.dims, data: Int32Array.from(value.data, Number) };
}
