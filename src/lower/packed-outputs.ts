import { reshape } from '../graph/arithmetic.js';
import { Graph } from '../graph/graph.js';
import { inline } from '../graph/inline.js';
import { asNumbers } from '../graph/node/dim.js';
import { elementCount, type Tensor, tensor } from '../onnx/tensor.js';
import { present } from '../util/error.js';

/** A graph of whose outputs some are one. */
export interface PackedGraph {
  readonly graph: Graph;
  /** What the vector holds, in this order. */
  readonly parts: readonly OutputPart[];
}

export interface OutputPart {
  readonly name: string;
  readonly dims: readonly number[];
}

/**
 * A graph with outputs in one vector, one behind the other, in place of these: they can then be kept and copied as one. Undefined where one of
 * them isn't float32 of a settled size.
 */
export function packOutputs(source: Graph, names: readonly string[], packed: string): PackedGraph | undefined {
  const parts = names.flatMap((name) => {
    const { dtype, shape } = present(source.outputs.get(name), `output ${name}`);
    const dims = asNumbers(shape);
    return dtype === 'float32' && dims ? [{ name, dims }] : [];
  });
  if (parts.length < names.length || parts.length === 0) return undefined;
  const graph = new Graph(source.name);
  const copied = inline(source, graph);
  const copyOf = (name: string) => {
    return present(copied.get(present(source.outputs.get(name), `output ${name}`)), `output ${name}`);
  };
  for (const name of source.outputs.keys()) if (!names.includes(name)) graph.output(name, copyOf(name));
  const flat = names.map((name) => reshape(graph, copyOf(name), [-1]));
  graph.output(packed, graph.op('Concat', flat, { axis: 0 }, { name: packed }));
  return { graph, parts };
}

/** How many numbers the vector has. */
export function packedLength(parts: readonly OutputPart[]): number {
  return parts.reduce((sum, { dims }) => sum + elementCount(dims), 0);
}

/** The outputs that a vector holds, each with memory of its own. */
export function unpackOutputs(parts: readonly OutputPart[], numbers: Float32Array): Map<string, Tensor> {
  let from = 0;
  return new Map(
    parts.map(({ name, dims }) => {
      const part = numbers.slice(from, from + elementCount(dims));
      from += part.length;
      return [name, tensor('float32', dims, part)];
    }),
  );
}
