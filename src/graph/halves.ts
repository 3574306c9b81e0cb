import { tensor } from '../onnx/tensor.js';
import { present } from '../util/error.js';
import { Graph } from './graph.js';
import type { Node, Value } from './node/node.js';

/** A graph in two, to be run one after the other. Both have the graph's names of inputs, parameters, nodes and outputs. */
export interface Halves {
  readonly first: Graph;
  readonly second: Graph;
  /** Outputs of the first half that are inputs of the second. */
  readonly carried: readonly string[];
}

/** An output and the value that it is. */
type Output = readonly [name: string, value: Value];

/**
 * Cuts a graph: the first half makes some of its outputs, with all that these need and nothing else; the second makes the others, from
 * what the first has made (`keep`), or from the inputs again. A half has those inputs and parameters alone that it takes.
 */
export function cutHalves(graph: Graph, early: readonly string[], keep: boolean): Halves {
  const first = early.map((name): Output => [name, present(graph.outputs.get(name), name)]);
  const second = [...graph.outputs].filter(([name]) => !early.includes(name));
  const carried = keep ? carriedBetween(graph, first, second) : [];
  const names = new Set(early);
  const more = carried.filter(([name]) => !names.has(name));
  return {
    first: extract(graph, [...first, ...more], []),
    second: extract(graph, second, carried),
    carried: carried.map(([name]) => name),
  };
}

/** What the nodes of the first half make and those of the second take. What is an output already keeps that name. */
function carriedBetween(graph: Graph, first: readonly Output[], second: readonly Output[]): Output[] {
  const made = new Set<Value>();
  const before = nodesFor(graph, first, new Set());
  for (const { outputs } of before) for (const value of outputs) made.add(value);
  const names = new Map(first.map(([name, value]) => [value, name]));
  const taken = new Set<Value>();
  const take = (value: Value | null) => {
    if (value && made.has(value) && !isKnown(graph, value)) taken.add(value);
  };
  for (const node of nodesFor(graph, second, made)) for (const value of node.inputs) take(value);
  for (const [, value] of second) take(value);
  return [...taken].map((value) => [names.get(value) ?? value.name, value]);
}

/** The nodes that some outputs need, from some values on, in the graph's order. */
function nodesFor(graph: Graph, outputs: readonly Output[], from: ReadonlySet<Value>): Node[] {
  const needed = new Set<Node>();
  const open = outputs.map(([, value]) => value);
  for (let value = open.pop(); value; value = open.pop()) {
    const node = from.has(value) || isKnown(graph, value) ? undefined : graph.producer(value);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.inputs) if (input) open.push(input);
  }
  return graph.nodes.filter((node) => needed.has(node));
}

/** Copies the part of a graph that makes some outputs, where some values are given. */
function extract(graph: Graph, outputs: readonly Output[], given: readonly Output[]): Graph {
  const part = new Graph(graph.name);
  const copied = new Map<Value, Value>();
  for (const [name, value] of given) copied.set(value, part.input(name, value.dtype, value.shape));
  const copyOf = (value: Value | null): Value | null => {
    if (!value) return null;
    const copy = copied.get(value) ?? copyLeaf(graph, part, value);
    copied.set(value, copy);
    return copy;
  };
  for (const node of nodesFor(graph, outputs, new Set(given.map(([, value]) => value)))) {
    const { op, domain, name, attributes, outputs: results } = node;
    const made = part.ops(op, node.inputs.map(copyOf), attributes, { domain, name, outputs: results.length });
    for (const [i, value] of results.entries()) copied.set(value, present(made[i], value.name));
  }
  for (const [name, value] of outputs) part.output(name, present(copyOf(value), name));
  return part;
}

/** An input, a parameter, or what is constant. */
function copyLeaf(graph: Graph, part: Graph, value: Value): Value {
  const parameter = graph.parameters.get(value.name);
  if (parameter) return part.parameter(value.name, parameter.value.shape, parameter.initialiser, parameter.role);
  if (graph.inputs.includes(value)) return part.input(value.name, value.dtype, value.shape);
  const constant = graph.constants.get(value);
  return part.constant(constant ?? tensor(value.dtype, value.shape.map(Number), knownNumbers(graph, value)));
}

/** Whether a value is integers that don't depend on what is fed: sizes and axes. Shapes that follow from them must stay known. */
function isKnown({ knownIntegers }: Graph, value: Value): boolean {
  return knownIntegers.get(value)?.every((size) => typeof size === 'number') ?? false;
}

function knownNumbers({ knownIntegers }: Graph, value: Value): number[] {
  return present(knownIntegers.get(value), value.name).map(Number);
}
