import { add, div, indicator, mul, reduceSum, reshape } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import { range } from '../graph/node/axes.js';
import type { Value } from '../graph/node/node.js';
import { tensor } from '../onnx/tensor.js';

/**
 * Who teaches whom in a step.
 * - `argmin`: the network with the lowest cross-entropy teaches all others (the paper).
 * - `all-better`: every network with a lower cross-entropy (the released code).
 * - `top-k`: the k lowest, not itself.
 * - `all`: every other network (Deep Mutual Learning).
 * - `none`: nobody (independent training).
 */
export const TEACHER_RULES = ['argmin', 'all-better', 'top-k', 'all', 'none'] as const;
/** Who teaches whom: one of {@link TEACHER_RULES}. */
export type TeacherRule = (typeof TEACHER_RULES)[number];

/** Whether networks learn from each other's logits. */
export function competes(networks: number, settings: { readonly rule: TeacherRule; readonly alpha: number }): boolean {
  return networks > 1 && settings.rule !== 'none' && settings.alpha !== 0;
}

/**
 * The teachers' weights as the graph computes them.
 *
 * @param ce - float32 [n], each network's cross-entropy. Ties go to the lowest index.
 * @returns float32 [n, n]: in row i, the weight of each teacher j of network i; a row adds up to 1, or to 0 without teachers.
 */
export function teacherWeights(g: Graph, ce: Value, rule: TeacherRule, topK: number): Value {
  const n = Number(ce.shape[0]);
  const others = g.constant(matrix(n, (i, j) => (i === j ? 0 : 1)));
  const [mine, theirs] = [reshape(g, ce, [n, 1]), reshape(g, ce, [1, n])];
  switch (rule) {
    case 'none':
      return g.constant(matrix(n, () => 0));
    case 'all':
      return normaliseRows(g, others);
    case 'all-better':
      return normaliseRows(g, indicator(g, g.op('Less', [theirs, mine])));
    case 'argmin':
    case 'top-k': {
      const taught = rule === 'argmin' ? 1 : topK;
      const chosen = indicator(g, g.op('Less', [ranks(g, mine, theirs, n), g.scalar(taught)]));
      return normaliseRows(g, mul(g, others, reshape(g, chosen, [1, n])));
    }
  }
}

/** Each network's rank [n], 0 for the lowest cross-entropy: how many come before it, the lower index first at a tie. */
function ranks(g: Graph, mine: Value, theirs: Value, n: number): Value {
  const lower = indicator(g, g.op('Less', [theirs, mine]));
  const tied = mul(g, indicator(g, g.op('Equal', [theirs, mine])), g.constant(matrix(n, (i, j) => (j < i ? 1 : 0))));
  return reduceSum(g, add(g, lower, tied), [1]);
}

function normaliseRows(g: Graph, weights: Value): Value {
  return div(g, weights, g.op('Max', [reduceSum(g, weights, [1], true), g.scalar(1)]));
}

function matrix(n: number, entry: (i: number, j: number) => number) {
  return tensor(
    'float32',
    [n, n],
    range(n * n).map((at) => entry(Math.floor(at / n), at % n)),
  );
}
