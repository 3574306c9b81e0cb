import { present } from '../util/error.js';
import { extract, type Named } from './extract.js';
import type { Graph } from './graph.js';
import { neededNodes } from './inline.js';
import type { Node, Value } from './node/node.js';

/** A graph in two, to be run one after the other. Both have the graph's names of inputs, parameters, nodes and outputs. */
export interface Halves {
  readonly first: Graph;
  readonly second: Graph;
  /** Outputs of the first half that are inputs of the second. */
  readonly carried: readonly string[];
}

/**
 * Cuts a graph: the first half makes some of its outputs, with all that these need and nothing else; the second makes the others, from
 * what the first has made (`keep`), or from the inputs again. A half has those inputs and parameters alone that it takes.
 */
export function cutHalves(graph: Graph, early: readonly string[], keep: boolean): Halves {
  const first = early.map((name): Named => [name, present(graph.outputs.get(name), name)]);
  const second = [...graph.outputs].filter(([name]) => !early.includes(name));
  const carried = keep ? carriedBetween(graph, first, second) : [];
  const names = new Set(early);
  const more = carried.filter(([name]) => !names.has(name));
  return {
    first: partOf(graph, [...first, ...more], []),
    second: partOf(graph, second, carried),
    carried: carried.map(([name]) => name),
  };
}

/** What the nodes of the first half make and those of the second take. What is an output already keeps that name. */
function carriedBetween(graph: Graph, first: readonly Named[], second: readonly Named[]): Named[] {
  const made = new Set<Value>();
  const before = nodesFor(graph, first, new Set());
  for (const { outputs } of before) for (const value of outputs) made.add(value);
  const names = new Map(first.map(([name, value]) => [value, name]));
  const taken = new Set<Value>();
  const take = (value: Value | null) => {
    if (value && made.has(value) && !isKnown(graph, value)) taken.add(value);
  };
  const later = nodesFor(graph, second, made);
  for (const node of graph.nodes) if (later.has(node)) node.inputs.forEach(take);
  for (const [, value] of second) take(value);
  return [...taken].map((value) => [names.get(value) ?? value.name, value]);
}

function partOf(graph: Graph, outputs: readonly Named[], given: readonly Named[]): Graph {
  return extract(graph, outputs, given, nodesFor(graph, outputs, new Set(given.map(([, value]) => value))));
}

/** The nodes that some outputs need, from some values on. */
function nodesFor(graph: Graph, outputs: readonly Named[], from: ReadonlySet<Value>): Set<Node> {
  const values = outputs.map(([, value]) => value);
  return neededNodes(graph, values, (value) => from.has(value) || isKnown(graph, value));
}

/** Whether a value is integers that don't depend on what is fed: sizes and axes. Shapes that follow from them must stay known. */
function isKnown({ knownIntegers }: Graph, value: Value): boolean {
  return knownIntegers.get(value)?.every((size) => typeof size === 'number') ?? false;
}
