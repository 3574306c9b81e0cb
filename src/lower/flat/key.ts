import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import { toNumbers } from '../../onnx/tensor.js';
import type { Term } from './term.js';

/** Text that is the same for terms that do the same to tensors of whatever names and sizes. */
export class Keys {
  readonly #graph: Graph;
  readonly #scalars = new Map<Value, string>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Of the next values of some tensors, which are told apart by their place. */
  of(names: readonly string[], terms: readonly Term[]): string {
    const seen = new Map<Term, number>();
    const given: Value[] = [];
    const text = (term: Term): string => {
      switch (term.kind) {
        case 'state':
          return `state ${names.indexOf(term.name)}`;
        case 'scalar':
          return this.#scalar(term.value);
        case 'given':
          if (!given.includes(term.value)) given.push(term.value);
          return `given ${given.indexOf(term.value)} ${term.value.dtype}`;
        case 'node': {
          const known = seen.get(term);
          if (known !== undefined) return `again ${known}`;
          const { op, attributes } = term.node;
          const own = JSON.stringify([op, attributes, term.operands.map(text)]);
          seen.set(term, seen.size);
          return own;
        }
      }
    };
    return JSON.stringify(terms.map(text));
  }

  /** Of one number: what it is, or how it is computed. */
  #scalar(value: Value): string {
    const known = this.#scalars.get(value);
    if (known !== undefined) return known;
    const text = this.#scalarText(value);
    this.#scalars.set(value, text);
    return text;
  }

  #scalarText(value: Value): string {
    const constant = this.#graph.constantOf(value);
    if (constant) return `${constant.dtype} ${toNumbers(constant).map(exact)}`;
    const node = this.#graph.producer(value);
    const isPlain = node?.inputs.every((input) => input && input.shape.length === 0);
    if (!node || !isPlain || node.outputs.length !== 1) return JSON.stringify(value.name);
    return JSON.stringify([
      node.domain,
      node.op,
      node.attributes,
      node.inputs.map((input) => this.#scalar(input as Value)),
    ]);
  }
}

const exact = (number: number) => (Object.is(number, -0) ? '-0' : String(number));
