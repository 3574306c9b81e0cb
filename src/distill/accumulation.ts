import { add, scale } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { nextName, stateName } from './names.js';

/** The scalar input that says, by 1, that a step ends with an update; in the others it is 0. */
export const UPDATES = 'updates';
/** What is kept of a weight between two updates: the sum of its gradients since the last one. */
export const ACCUMULATED = 'accumulated';

/** Updates of every k-th step, by the mean of the gradients of k. */
export interface Accumulation {
  /** The mean gradient, which counts in a step that updates. */
  mean(weight: Value, gradient: Value): Value;
  /** A tensor's next value: the one of an update, or in other steps the present one. */
  choose(updated: Value, present: Value): Value;
  /** Names of what it keeps. */
  readonly state: readonly string[];
}

/** Accumulation in a graph; with k = 1 every step updates, and nothing is added to the graph. */
export function accumulationOf(g: Graph, k: number): Accumulation {
  if (k === 1) return { mean: (_, gradient) => gradient, choose: (updated) => updated, state: [] };
  const updates = g.op('Greater', [g.input(UPDATES, 'float32', []), g.scalar(0.5)]);
  const choose = (updated: Value, present: Value) => g.op('Where', [updates, updated, present]);
  const state: string[] = [];
  const mean = (weight: Value, gradient: Value) => {
    const name = stateName(weight.name, ACCUMULATED);
    const before = g.parameter(name, weight.shape as number[], { kind: 'constant', value: 0 }, 'optimizer');
    const sum = add(g, before, gradient);
    g.output(nextName(name), choose(g.scalar(0), sum));
    state.push(name);
    return scale(g, sum, 1 / k);
  };
  return { mean, choose, state };
}
