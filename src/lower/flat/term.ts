import type { Graph } from '../../graph/graph.js';
import { asNumbers } from '../../graph/node/dim.js';
import type { Node, Value } from '../../graph/node/node.js';

/** How the next value of a tensor comes about, element by element. */
export type Term =
  /** A tensor that is carried over. */
  | { readonly kind: 'state'; readonly name: string }
  /** A value with as many elements that is made elsewhere: a gradient, a batch's statistics. */
  | { readonly kind: 'given'; readonly value: Value }
  /** One number for all elements. */
  | { readonly kind: 'scalar'; readonly value: Value }
  | { readonly kind: 'node'; readonly node: Node; readonly operands: readonly Term[] };

/** Operators whose every output element depends on the elements at its place alone. */
const ELEMENTWISE = new Set([
  'Abs',
  'Add',
  'And',
  'Cast',
  'Clip',
  'Div',
  'Equal',
  'Exp',
  'Greater',
  'GreaterOrEqual',
  'Identity',
  'Less',
  'LessOrEqual',
  'Log',
  'Max',
  'Min',
  'Mul',
  'Neg',
  'Not',
  'Or',
  'Pow',
  'Reciprocal',
  'Sign',
  'Sqrt',
  'Sub',
  'Sum',
  'Where',
]);

/** Reads terms off a graph. A value is one term, however often it is used. */
export class Terms {
  readonly #graph: Graph;
  readonly #state: ReadonlySet<string>;
  readonly #known = new Map<Value, Term>();

  constructor(graph: Graph, state: ReadonlySet<string>) {
    this.#graph = graph;
    this.#state = state;
  }

  /** How a value with so many elements comes about. */
  of(value: Value, size: number): Term {
    const known = this.#known.get(value);
    if (known) return known;
    const term = this.#read(value, size);
    this.#known.set(value, term);
    return term;
  }

  #read(value: Value, size: number): Term {
    if (value.shape.length === 0) return { kind: 'scalar', value };
    const given: Term = { kind: 'given', value };
    const node = this.#graph.producer(value);
    if (!node) return this.#isState(value) ? { kind: 'state', name: value.name } : given;
    const sized = node.inputs.map((input) => (input && hasSize(input, size) ? input : undefined));
    // Elements keep their order
    if (isOnnx(node, 'Reshape') && sized[0]) return this.of(sized[0], size);
    if (!isElementwise(node) || node.inputs.some((input, i) => !input || (input.shape.length > 0 && !sized[i])))
      return given;
    const operands = node.inputs.map((input) => this.of(input as Value, size));
    return isMadeElsewhere(node, operands) ? given : { kind: 'node', node, operands };
  }

  #isState(value: Value): boolean {
    return this.#state.has(value.name) && this.#graph.parameters.get(value.name)?.value === value;
  }
}

function isElementwise(node: Node): boolean {
  return node.domain === '' && ELEMENTWISE.has(node.op) && node.outputs.length === 1;
}

function isOnnx(node: Node, op: string): boolean {
  return node.domain === '' && node.op === op;
}

/** Whether an operator belongs to what makes a given value, as the sum of two gradients does, and not to what is done with it. */
function isMadeElsewhere(node: Node, operands: readonly Term[]): boolean {
  if (node.op === 'Cast' || !operands.every(({ kind }) => kind === 'given')) return false;
  const isSquare = operands.length > 1 && new Set(operands).size === 1;
  return !isSquare;
}

function hasSize({ shape }: Value, size: number): boolean {
  const sizes = asNumbers(shape);
  return sizes !== undefined && sizes.length > 0 && sizes.reduce((n, dim) => n * dim, 1) === size;
}
