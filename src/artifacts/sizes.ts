import { isDeepStrictEqual } from 'node:util';
import type { Graph } from '../graph/graph.js';
import type { Dim, Shape } from '../graph/node/dim.js';
import { toModel } from '../graph/to-model.js';
import type { NetworkInput } from '../nets/registry.js';
import { encodeModel } from '../onnx/file.js';

/** Sizes that an artifact may leave open, under the symbols that stand for them in its files. The data settle them. */
export const OPEN_SIZES = ['classes', 'channels', 'height', 'width'] as const;
export type OpenSize = (typeof OPEN_SIZES)[number];

/** The images' batch: it stays open in forward and evaluation graphs. */
export const BATCH = 'N';

/** The shapes of a graph's inputs, parameters and outputs, by name. */
export function namedShapes(graph: Graph): Map<string, Shape> {
  return new Map([
    ...graph.inputs.map(({ name, shape }) => [name, shape] as const),
    ...[...graph.parameters].map(([name, { value }]) => [name, value.shape] as const),
    ...[...graph.outputs].map(([name, { shape }]) => [name, shape] as const),
  ]);
}

/** Other sizes at which a graph must be the same to be independent of one: one is odd where the other is even. */
const OTHERS: readonly ((size: number) => number)[] = [(size) => size + 1, (size) => 2 * size];

/**
 * The shapes of a lowered graph by name, with symbols where its nodes don't depend on a size: found by building it at others.
 * A dimension of an output that follows a size without being it (a feature map's height) is called `<name>_<axis>`; a size
 * that a parameter follows in this way is not open.
 */
export function openShapes(build: (input: NetworkInput) => Graph, at: NetworkInput): Map<string, Shape> {
  const graph = build(at);
  const settled = namedShapes(graph);
  const open = new Map(settled);
  for (const size of OPEN_SIZES) {
    const others = OTHERS.map((change) => ({ ...at, [size]: change(at[size]) }));
    const built = others.map(build);
    if (!built.every((other) => isSameBody(graph, other))) continue;
    const shapes = built.map(namedShapes);
    const following = [...settled].flatMap(([name, shape]) => {
      return shape.flatMap((dim, axis) => {
        const changed = shapes.map((other) => other.get(name)?.[axis]);
        if (changed.every((other) => other === dim)) return [];
        const isSize = dim === at[size] && changed.every((other, i) => other === others[i]?.[size]);
        return [{ name, axis, dim: isSize ? size : `${name}_${axis}`, isSize }];
      });
    });
    if (following.some(({ name, isSize }) => !isSize && graph.parameters.has(name))) continue;
    for (const { name, axis, dim } of following) open.set(name, withDim(open.get(name) ?? [], axis, dim));
  }
  return open;
}

function withDim(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.map((old, i) => (i === axis ? dim : old));
}

/** Whether two graphs have the same nodes, constants and initialisers, whatever the shapes of what goes in and out. */
function isSameBody(a: Graph, b: Graph): boolean {
  return isDeepStrictEqual(bodyOf(a), bodyOf(b));
}

function bodyOf(graph: Graph): unknown {
  const model = toModel(graph);
  const initialisers = [...graph.parameters].map(([name, { role, initialiser }]) => [name, role, initialiser]);
  return [initialisers, encodeModel({ ...model, graph: { ...model.graph, input: [], output: [] } })];
}

/** The open size that a dimension stands for, if it does. */
export function openSizeOf(dim: Dim): OpenSize | undefined {
  return OPEN_SIZES.find((size) => size === dim);
}

/** A shape with its open sizes settled; other symbols stay. */
export function settleShape(shape: Shape, input: NetworkInput): Shape {
  return shape.map((dim) => {
    const size = openSizeOf(dim);
    return size ? input[size] : dim;
  });
}
