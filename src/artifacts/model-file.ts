import type { Graph } from '../graph/graph.js';
import type { Shape } from '../graph/node/dim.js';
import { toModel } from '../graph/to-model.js';
import { encodeModel } from '../onnx/file.js';
import type { ValueInfoProto } from '../onnx/model.js';

/** A lowered graph as an ONNX file without weights: parameters are inputs. `shapes` replace those of inputs and outputs. */
export function encodeGraph(
  graph: Graph,
  docString: string,
  shapes: ReadonlyMap<string, Shape> = new Map(),
): Uint8Array {
  const model = toModel(graph, { docString });
  const withShape = (info: ValueInfoProto) => withShapeOf(info, shapes.get(info.name));
  const { input, output } = model.graph;
  return encodeModel({
    ...model,
    graph: { ...model.graph, input: input.map(withShape), output: output.map(withShape) },
  });
}

function withShapeOf({ name, type }: ValueInfoProto, shape: Shape | undefined): ValueInfoProto {
  if (!shape) return { name, ...(type && { type }) };
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: type?.tensorType?.elemType ?? 0, shape: { dim } } } };
}
