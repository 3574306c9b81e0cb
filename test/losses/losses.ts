import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { type Random, stream } from '../../src/util/random.js';
import { type Feeds, runGraph } from '../support/run.js';

/** Random rows of normal logits, `spread` wide. */
export function randomRows(random: Random, rows: number, columns: number, spread = 2): number[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => spread * random.normal()));
}

export function randomLabels(random: Random, count: number, classes: number): number[] {
  return Array.from({ length: count }, () => random.below(classes));
}

export function int64(values: readonly number[]): Tensor {
  return tensor('int64', [values.length], values);
}

export const seeded = (...address: readonly (string | number)[]) => stream(2024, ...address);

/** Declares an input for each of the feeds, lets `build` name outputs, and runs the graph. */
export async function evaluate(
  feeds: Feeds,
  build: (g: Graph, inputs: Readonly<Record<string, Value>>) => void,
): Promise<Record<string, Tensor>> {
  const g = new Graph('test');
  const inputs = Object.entries(feeds).map(([name, { dtype, dims }]) => [name, g.input(name, dtype, dims)] as const);
  build(g, Object.fromEntries(inputs));
  return runGraph(g, feeds);
}
