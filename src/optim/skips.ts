import { add, mul, neg, scale } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { mapTuple } from '../util/checked.js';

/** How updates that are left out don't count, where an optimizer's scalars depend on how many updates there were. */
export interface Skips {
  /** Names of what is kept of a network: scalars that are 0 until an update is left out. */
  readonly states: readonly string[];
  /** Names of scalar inputs beside the optimizer's. */
  readonly scalars: readonly string[];
  /** Their values for an update, counted from 1, those left out among them. */
  scalarsAt(update: number): Readonly<Record<string, number>>;
  /** The states after one more update that was left out. */
  next(g: Graph, states: readonly Value[]): Value[];
  /** The optimizer's scalars without the updates that were left out. */
  correct(g: Graph, scalars: readonly Value[], own: readonly Value[], states: readonly Value[]): Value[];
  /** How many updates were left out, by the states' values. */
  countOf(states: readonly number[]): number;
}

/** Beyond this no count of updates that were not left out is left that a float32 could tell. */
const MOST = 1e30;

/**
 * Of AdamW's bias corrections. After t updates of which s were left out, 1 - b^(t - s) = (1 - b^t) (1 - q r) with q = b^-s - 1 and
 * r = b^t / (1 - b^t): q is kept, r computed outside in float64. Where none was left out q is 0, and the scalars are those given, to the bit;
 * as t grows r falls to 0, and with it what rounding does.
 */
export function biasSkips(betas: readonly [number, number], correctsFirst: boolean): Skips {
  return {
    states: ['skipped_beta1', 'skipped_beta2'],
    scalars: ['remainder1', 'remainder2'],
    scalarsAt(update) {
      const [remainder1, remainder2] = mapTuple(betas, (b) => b ** update / (1 - b ** update));
      return { remainder1, remainder2 };
    },
    // q' = b^-(s + 1) - 1 = (q + 1 - b) / b; without memory (b = 0) there is nothing to correct
    next: (g, states) =>
      states.map((q, i) => {
        const b = i === 0 ? betas[0] : betas[1];
        if (b === 0) return q;
        return g.op('Min', [scale(g, add(g, q, g.scalar(1 - b)), 1 / b), g.scalar(MOST)]);
      }),
    correct(g, scalars, own, states) {
      const [decay, stepSize, denominatorScale] = scalars as readonly [Value, Value, Value];
      const [share1, share2] = mapTuple([0, 1] as const, (i) => {
        const [r, q] = [own[i] as Value, states[i] as Value];
        return add(g, neg(g, mul(g, q, r)), g.scalar(1));
      });
      const root = g.op('Sqrt', [share2]);
      const corrected = g.op('Div', [stepSize, share1]);
      if (correctsFirst) return [decay, corrected, g.op('Div', [denominatorScale, root])];
      return [decay, mul(g, corrected, root), denominatorScale];
    },
    countOf(states) {
      const i = betas[0] > betas[1] ? 0 : 1;
      const [b, q] = [betas[i] as number, states[i] ?? 0];
      return b === 0 ? 0 : Math.round(Math.log1p(q) / -Math.log(b));
    },
  };
}
