import { reshape } from '../../graph/arithmetic.js';
import { Graph } from '../../graph/graph.js';
import { inline, neededNodes } from '../../graph/inline.js';
import type { Value } from '../../graph/node/node.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';
import type { StatefulGraph } from '../stateful-graph.js';
import { type Family, familiesOf, groupOf } from './families.js';
import { splitVector } from './parts.js';
import type { Term } from './term.js';

/** Where a tensor of the state is: in which vector, and where there its elements begin. */
export interface Place {
  readonly vector: string;
  readonly offset: number;
}

/** A graph whose state is laid into vectors. */
export interface FlatGraph {
  /** What is run: its state are the vectors, and the tensors that are in none. */
  readonly carried: StatefulGraph;
  /** The places of all tensors that are in a vector. */
  readonly places: ReadonlyMap<string, Place>;
}

/**
 * Lays the tensors of a graph's state into vectors, one for those of a network to which a step does the same, element by element, and
 * does it once to each vector: an update of weights from gradients, momenta or moments, their moving averages, the running statistics of
 * normalisations. The numbers are those of the graph as it was, to the bit.
 *
 * @param most - The elements of a vector.
 */
export function flattenState(source: StatefulGraph, most?: number): FlatGraph {
  const families = familiesOf(source, most);
  const g = new Graph(source.graph.name);
  const vectors = families.map((family, i) => declareVectors(g, source.graph, family, i));
  const bind = partsOf(g, source, families, vectors);
  const copied = inline(source.graph, g, { bind });
  const copyOf = (value: Value) => present(copied.get(value), value.name);
  const places = new Map<string, Place>();
  families.forEach((family, i) => {
    const own = at(vectors, i);
    for (const [name, place] of placesIn(family, own)) places.set(name, place);
    const next = g.within(`flat${i}`, () => updateVectors(g, family, own, copyOf));
    for (const [k, value] of next.entries()) g.output(source.nextOf(at(own, k).name), value);
  });
  const gone = new Set([...places.keys()].map(source.nextOf));
  for (const [name, value] of source.graph.outputs) if (!gone.has(name)) g.output(name, copyOf(value));
  const state = [...vectors.flat().map(({ name }) => name), ...source.state.filter((name) => !places.has(name))];
  return { carried: { graph: g, state, nextOf: source.nextOf }, places };
}

/** A parameter for each tensor of a family's members. */
function declareVectors(g: Graph, { parameters }: Graph, family: Family, index: number): Value<number>[] {
  const total = family.reduce((sum, { size }) => sum + size, 0);
  const { names } = at(family, 0);
  return names.map((name, k) => {
    const { role } = present(parameters.get(name), name);
    return g.parameter(`${groupOf(name)}.flat${index}.${k}`, [total], { kind: 'constant', value: 0 }, role);
  });
}

function* placesIn(family: Family, vectors: readonly Value[]): Generator<[string, Place]> {
  let offset = 0;
  for (const { names, size } of family) {
    for (const [k, name] of names.entries()) yield [name, { vector: at(vectors, k).name, offset }];
    offset += size;
  }
}

/** What stands for each tensor that is in a vector: its part, in its shape. Of what only updates read, nothing is left when that is lowered. */
function partsOf(
  g: Graph,
  source: StatefulGraph,
  families: readonly Family[],
  vectors: readonly (readonly Value[])[],
): Map<string, Value> {
  const read = readElsewhere(source, families);
  const bind = new Map<string, Value>();
  families.forEach((family, i) => {
    at(vectors, i).forEach((vector, k) => {
      const sizes = family.map(({ size }) => size);
      const isRead = family.some(({ names }) => read.has(at(names, k)));
      const parts = isRead ? splitVector(g, vector, sizes) : sliceVector(g, vector, sizes);
      family.forEach(({ names }, m) => {
        const { value } = present(source.graph.parameters.get(at(names, k)), 'its tensor');
        bind.set(value.name, reshape(g, at(parts, m), value.shape));
      });
    });
  });
  return bind;
}

/** Parts each of which is gone where nothing reads it. */
function sliceVector(g: Graph, vector: Value, sizes: readonly number[]): Value[] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return g.op('Slice', [vector, g.integers([end - size]), g.integers([end]), g.integers([0])]);
  });
}

/** The names of what else reads than the updates of families. */
function readElsewhere({ graph, nextOf }: StatefulGraph, families: readonly Family[]): Set<string> {
  const members = families.flat();
  const updated = new Set(members.flatMap(({ names }) => names.map(nextOf)));
  const others = [...graph.outputs].filter(([name]) => !updated.has(name)).map(([, value]) => value);
  const roots = [...others, ...members.flatMap(({ terms }) => takenBy(terms))];
  const inputs = [...neededNodes(graph, roots)].flatMap((node) => node.inputs.flatMap((input) => input ?? []));
  return new Set([...roots, ...inputs].map(({ name }) => name));
}

/** The values that terms take, each once, in the order in which they come up. */
function takenBy(terms: readonly Term[], kinds: readonly Term['kind'][] = ['given', 'scalar']): Value[] {
  const values = new Set<Value>();
  const seen = new Set<Term>();
  const visit = (term: Term) => {
    if (seen.has(term)) return;
    seen.add(term);
    if (term.kind === 'node') term.operands.forEach(visit);
    else if (term.kind !== 'state' && kinds.includes(term.kind)) values.add(term.value);
  };
  terms.forEach(visit);
  return [...values];
}

/** The next values of a family's vectors: what the first member's terms do, done to all at once. */
function updateVectors(g: Graph, family: Family, vectors: readonly Value[], copyOf: (value: Value) => Value): Value[] {
  const { names, terms } = at(family, 0);
  const given = family.map((member) => takenBy(member.terms, ['given']));
  const joined = at(given, 0).map((_, i) => {
    const flat = given.map((values) => reshape(g, copyOf(at(values, i)), [-1]));
    return g.op('Concat', flat, { axis: 0 });
  });
  const made = new Map<Term, Value>();
  const make = (term: Term): Value => {
    switch (term.kind) {
      case 'state':
        return at(vectors, names.indexOf(term.name));
      case 'scalar':
        return copyOf(term.value);
      case 'given':
        return at(joined, at(given, 0).indexOf(term.value));
      case 'node': {
        const known = made.get(term);
        if (known) return known;
        const value = g.op(term.node.op, term.operands.map(make), term.node.attributes);
        made.set(term, value);
        return value;
      }
    }
  };
  return terms.map(make);
}
