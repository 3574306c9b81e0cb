import { expandLike, sumTo } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import { formatShape, sameShape } from '../graph/node/dim.js';
import { AGON, type Node, namingNode, type Value } from '../graph/node/node.js';
import { ruleEntry } from './registry.js';
import type { NoGradient, Rule } from './rule/rule.js';

/**
 * Appends the reverse-mode gradients of a float32 value to its graph.
 *
 * @param loss - Differentiated as the sum of its elements (a scalar, as a rule).
 * @param wrt - Values of the graph to differentiate by.
 * @returns For each of `wrt` a value of its shape, or null when the loss doesn't depend on it.
 * @throws AgonError naming operator and node when one on the way has no rule.
 */
export function gradients(g: Graph, loss: Value, wrt: readonly Value[]): (Value | null)[] {
  return new ReverseWalk(g, wrt).from(loss);
}

class ReverseWalk {
  readonly #g: Graph;
  readonly #wrt: readonly Value[];
  /** Values that depend on one of `wrt`. */
  readonly #active: Set<Value>;
  readonly #contributions = new Map<Value, [Value, ...Value[]]>();
  readonly #sums = new Map<Value, Value>();

  constructor(g: Graph, wrt: readonly Value[]) {
    this.#g = g;
    this.#wrt = wrt;
    this.#active = dependents(g, wrt);
  }

  from(loss: Value): (Value | null)[] {
    const one = this.#g.scalar(1);
    this.#contributions.set(loss, [expandLike(this.#g, one, loss)]);
    for (const node of [...this.#g.nodes].reverse()) this.#visit(node);
    return this.#wrt.map((value) => this.#gradientOf(value));
  }

  #visit(node: Node): void {
    if (!node.outputs.some((output) => this.#active.has(output) && this.#contributions.has(output))) return;
    const gradientsOfOutputs = node.outputs.map((output) => this.#gradientOf(output));
    const dY = gradientsOfOutputs[0];
    const needs = (i: number) => {
      const input = node.inputs[i];
      return input != null && this.#active.has(input);
    };
    if (!node.inputs.some((_, i) => needs(i))) return;
    const rule = ruleFor(node);
    const results = this.#g.within(`${node.name}_grad`, () =>
      namingNode(node, () => {
        const context = { g: this.#g, node, dY: dY ?? node.output(), gradients: gradientsOfOutputs, needs };
        if (node.op !== 'Split') checkFirstOnly(node, gradientsOfOutputs);
        return rule(context);
      }),
    );
    node.inputs.forEach((input, i) => {
      const result = results[i];
      if (input && result && needs(i)) this.#contribute(node, input, result);
    });
  }

  /** Adds one path's share of a gradient, summed back to the input's shape where that was broadcast. */
  #contribute(node: Node, input: Value, share: Value): void {
    const fitted = this.#g.within(`${node.name}_grad`, () => sumTo(this.#g, share, input.shape));
    if (!sameShape(fitted.shape, input.shape)) {
      node.fail(`gradient of "${input.name}"`, formatShape(input.shape), formatShape(fitted.shape));
    }
    const shares = this.#contributions.get(input);
    if (shares) shares.push(fitted);
    else this.#contributions.set(input, [fitted]);
  }

  #gradientOf(value: Value): Value | null {
    const shares = this.#contributions.get(value);
    if (!shares) return null;
    const sum = this.#sums.get(value) ?? this.#sum(value, shares);
    this.#sums.set(value, sum);
    return sum;
  }

  #sum(value: Value, [first, ...others]: readonly [Value, ...Value[]]): Value {
    // The official training session has a name `<parameter>_grad` of its own
    const name = this.#g.producer(value) ? `${value.name}_grad` : `${value.name}_grad/sum`;
    return others.reduce((sum, share) => this.#g.op('Add', [sum, share], {}, { name }), first);
  }
}

/** Rules but Split's are for a loss that depends on the first output only. */
function checkFirstOnly(node: Node, [first, ...others]: readonly (Value | null)[]): void {
  if (!first) node.fail('gradient', 'one of the first output', 'one of another output only');
  if (others.some(Boolean)) node.fail('gradient', 'one of the first output only', 'one of another output too');
}

function ruleFor(node: Node): Rule {
  const entry = ruleEntry(node.op, node.domain) ?? UNKNOWN;
  return typeof entry === 'function' ? entry : failUntrainable(node, entry);
}

const UNKNOWN: NoGradient = { lacks: 'gradient rule', because: 'Agon doesn’t know it' };

/** Other nodes that an error names. */
const MOST_NAMED = 3;

/** Throws an error that says which node no gradient passes, and why; `others` are further ones, in words. */
export function failUntrainable(node: Node, { lacks, because }: NoGradient, others: readonly string[] = []): never {
  const what = `this operator has no ${lacks}, because ${because}`;
  const more = others.length > MOST_NAMED ? [`${others.length - MOST_NAMED} more`] : [];
  const named = [...others.slice(0, MOST_NAMED), ...more];
  const also = named.length > 0 ? `, nor through ${named.join(', ')}` : '';
  return node.fail(what, undefined, undefined, `The network can’t be trained through it${also}`);
}

/** The float values that change with one of `wrt`. */
export function dependents(g: Graph, wrt: readonly Value[]): Set<Value> {
  const active = new Set(wrt);
  for (const node of g.nodes) {
    if (node.op === 'Detach' && node.domain === AGON) continue;
    const depends = node.inputs.some((input) => input && active.has(input));
    if (depends) for (const output of node.outputs) if (output.dtype.startsWith('float')) active.add(output);
  }
  return active;
}
