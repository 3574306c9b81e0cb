import type { Value } from '../../graph/node/node.js';
import { elementCount } from '../../onnx/tensor.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';
import type { StatefulGraph } from '../stateful-graph.js';
import { Keys } from './key.js';
import { type Term, Terms } from './term.js';

/** Tensors that are updated from each other: a weight, its momentum, its moving average. All have the same number of elements. */
export interface Member {
  /** In the order of the state. */
  readonly names: readonly string[];
  readonly size: number;
  /** How the next value of each comes about. */
  readonly terms: readonly Term[];
}

/** Members to all of which a step does the same, element by element. */
export type Family = readonly Member[];

/** The elements of a vector: WebGPU lets a kernel bind 128 MiB, unless a device has more. */
export const MOST_ELEMENTS = (128 * 2 ** 20) / 4;

/** The families of a graph's state, in the order of their first tensors; tensors that are alone aren't in any. */
export function familiesOf(source: StatefulGraph, most = MOST_ELEMENTS): Family[] {
  const keys = new Keys(source.graph);
  const byKey = new Map<string, Member[]>();
  for (const member of membersOf(source)) {
    const roles = member.names.map((name) => source.graph.parameters.get(name)?.role);
    const key = JSON.stringify([groupOf(at(member.names, 0)), roles, keys.of(member.names, member.terms)]);
    const same = byKey.get(key);
    if (same) same.push(member);
    else byKey.set(key, [member]);
  }
  return [...byKey.values()].flatMap((members) => inVectors(members, most)).filter(({ length }) => length > 1);
}

/** What a name begins with, up to its first point: a step puts each network's name before those of its tensors. */
export function groupOf(name: string): string {
  return name.split('.', 1)[0] ?? '';
}

/** In as many families as their vectors need, for none to be too long. */
function inVectors(members: readonly Member[], most: number): Member[][] {
  const families: Member[][] = [];
  let left = 0;
  for (const member of members) {
    if (member.size > left) {
      families.push([]);
      left = most;
    }
    families.at(-1)?.push(member);
    left -= member.size;
  }
  return families;
}

/** The members of the whole state but for what can't be taken together: single numbers, what stays as it is, what is made elsewhere. */
function membersOf({ graph, state, nextOf }: StatefulGraph): Member[] {
  const shapeOf = (name: string) => present(graph.parameters.get(name), name).value.shape;
  const sizes = new Map(state.map((name) => [name, elementCount(shapeOf(name))]));
  const sized = new Set(state.filter((name) => shapeOf(name).length > 0 && sizes.get(name) !== 0));
  const terms = new Terms(graph, sized);
  const termOf = (name: string) =>
    terms.of(present(graph.outputs.get(nextOf(name)), nextOf(name)) as Value, present(sizes.get(name), name));
  const links = new Links();
  for (const name of sized) for (const other of statesIn(termOf(name))) links.join(name, other);
  return links
    .groups([...sized])
    .map((names) => ({ names, size: present(sizes.get(at(names, 0)), 'its size'), terms: names.map(termOf) }))
    .filter((member) => member.terms.every(({ kind }) => kind === 'node'));
}

/** The names of the tensors that a term reads. */
function statesIn(term: Term): Set<string> {
  const names = new Set<string>();
  const seen = new Set<Term>();
  const open = [term];
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.kind === 'state') names.add(next.name);
    if (next.kind === 'node') open.push(...next.operands);
  }
  return names;
}

/** Names that belong together. */
class Links {
  readonly #parents = new Map<string, string>();

  join(a: string, b: string): void {
    const [first, second] = [this.#root(a), this.#root(b)];
    if (first !== second) this.#parents.set(second, first);
  }

  /** The names, those that belong together in one list, in the given order. */
  groups(names: readonly string[]): string[][] {
    const groups = new Map<string, string[]>();
    for (const name of names) {
      const root = this.#root(name);
      const group = groups.get(root);
      if (group) group.push(name);
      else groups.set(root, [name]);
    }
    return [...groups.values()];
  }

  #root(name: string): string {
    let root = name;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    return root;
  }
}
