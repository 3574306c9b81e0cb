import type { Graph } from '../graph/graph.js';
import type { Shape } from '../graph/node/dim.js';
import type { Value } from '../graph/node/node.js';
import { fail, present } from '../util/error.js';
import type { EvaluationEntry, NetworkEntry, ParameterEntry, TensorEntry } from './manifest.js';

/** What a manifest says of a value that goes into a graph or comes out of it. */
export function tensorEntry(name: string, { dtype }: Pick<Value, 'dtype'>, shape: Shape): TensorEntry {
  if (dtype !== 'float32' && dtype !== 'int64')
    return fail(name, 'its type', { expected: 'float32 or int64', got: dtype });
  return { name, dtype, shape: [...shape] };
}

/** What a manifest says of a forward graph; `shapes` are those of its file. */
export function networkEntry(
  graph: Graph,
  shapes: ReadonlyMap<string, Shape>,
  rest: Pick<NetworkEntry, 'name' | 'spec' | 'forward'>,
): NetworkEntry {
  const features = present(graph.outputs.get('features'), 'the features');
  return {
    ...rest,
    inputs: inputEntries(graph, shapes),
    outputs: outputEntries(graph, shapes),
    featureTap: graph.producer(features)?.name ?? features.name,
    parameters: [...graph.parameters].map(([name, { role, initialiser }]) => {
      return { name, shape: [...shapeIn(shapes, name)], role: role as ParameterEntry['role'], initialiser };
    }),
  };
}

/** What a manifest says of an evaluation graph. */
export function evaluationEntry(graph: Graph, shapes: ReadonlyMap<string, Shape>, file: string): EvaluationEntry {
  return { file, inputs: inputEntries(graph, shapes), outputs: outputEntries(graph, shapes) };
}

function inputEntries(graph: Graph, shapes: ReadonlyMap<string, Shape>): TensorEntry[] {
  return graph.inputs.map((value) => tensorEntry(value.name, value, shapeIn(shapes, value.name)));
}

function outputEntries(graph: Graph, shapes: ReadonlyMap<string, Shape>): TensorEntry[] {
  return [...graph.outputs].map(([name, value]) => tensorEntry(name, value, shapeIn(shapes, name)));
}

function shapeIn(shapes: ReadonlyMap<string, Shape>, name: string): Shape {
  return present(shapes.get(name), `the shape of ${name}`);
}
