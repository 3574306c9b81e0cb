import { add, scale } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { networkOf, networkPrefix, nextName, OVERFLOWED, stateName } from './names.js';
import type { LossScaling } from './scaling/loss-scaling.js';

/** The scalar input that says, by 1, that a step ends with an update; in the others it is 0. */
export const UPDATES = 'updates';
/** What is kept of a weight between two updates: the sum of its gradients since the last one. */
export const ACCUMULATED = 'accumulated';

/** Updates of every k-th step, by the mean of the gradients of k; but for those of which gradients overflowed, which are left out. */
export interface Accumulation {
  /** The mean gradient, which counts in a step that updates. */
  mean(weight: Value, gradient: Value): Value;
  /** A state tensor's next value: the one of an update, or in other steps the present one. */
  choose(updated: Value, present: Value): Value;
  /** Whether an update of the i-th network was due, and is left out: a bool; undefined where none ever is. */
  leftOut(network: number): Value | undefined;
  /** Names of what it keeps. */
  readonly state: readonly string[];
}

/** Accumulation in a graph; with k = 1 every step updates, and nothing is added to the graph unless gradients may overflow. */
export function accumulationOf(g: Graph, k: number, scaling: LossScaling): Accumulation {
  return k === 1 ? everyStep(g, scaling) : everyKth(g, k, scaling);
}

function everyStep(g: Graph, scaling: LossScaling): Accumulation {
  return {
    mean: (_, gradient) => gradient,
    choose(updated, present) {
      const finite = scaling.finite(networkOf(present.name));
      return finite ? g.op('Where', [finite, updated, present]) : updated;
    },
    leftOut(network) {
      const finite = scaling.finite(network);
      return finite && g.op('Not', [finite]);
    },
    state: [],
  };
}

function everyKth(g: Graph, k: number, scaling: LossScaling): Accumulation {
  const updates = g.op('Greater', [g.input(UPDATES, 'float32', []), g.scalar(0.5)]);
  const state: string[] = [];
  const wholes = new Map<number, Value>();
  const wholeOf = (network: number, finite: Value) => {
    const whole = wholes.get(network) ?? keepOverflow(g, network, { finite, updates, state });
    wholes.set(network, whole);
    return whole;
  };
  const choose = (updated: Value, present: Value) => {
    const network = networkOf(present.name);
    const finite = scaling.finite(network);
    const chosen = finite ? g.op('And', [updates, wholeOf(network, finite)]) : updates;
    return g.op('Where', [chosen, updated, present]);
  };
  const mean = (weight: Value, gradient: Value) => {
    const name = stateName(weight.name, ACCUMULATED);
    const before = g.parameter(name, weight.shape as number[], { kind: 'constant', value: 0 }, 'optimizer');
    const sum = add(g, before, gradient);
    const finite = scaling.finite(networkOf(name));
    const kept = finite ? g.op('Where', [finite, sum, before]) : sum;
    g.output(nextName(name), g.op('Where', [updates, g.scalar(0), kept]));
    state.push(name);
    return scale(g, sum, 1 / k);
  };
  const leftOut = (network: number) => {
    const finite = scaling.finite(network);
    return finite && g.op('And', [updates, g.op('Not', [wholeOf(network, finite)])]);
  };
  return { mean, choose, leftOut, state };
}

interface Window {
  readonly finite: Value;
  readonly updates: Value;
  readonly state: string[];
}

/** Keeps in mind whether gradients of a network overflowed since the last update; returns whether none did up to this step. */
function keepOverflow(g: Graph, network: number, { finite, updates, state }: Window): Value {
  const name = networkPrefix(network) + OVERFLOWED;
  const before = g.parameter(name, [], { kind: 'constant', value: 0 }, 'optimizer');
  const whole = g.op('And', [finite, g.op('Less', [before, g.scalar(0.5)])]);
  const overflowed = g.op('Where', [whole, g.scalar(0), g.scalar(1)]);
  g.output(nextName(name), g.op('Where', [updates, g.scalar(0), overflowed]));
  state.push(name);
  return whole;
}
