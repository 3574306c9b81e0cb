import { Graph } from '../graph/graph.js';
import type { Initialiser } from '../graph/initialiser.js';
import { inline, neededNodes, type Rewrite } from '../graph/inline.js';
import type { Node, Value } from '../graph/node/node.js';
import { spatialSizes } from '../graph/node/sizes.js';
import { elementCount, float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { findHead, isHead } from './head.js';
import type { Weighted } from './new-head.js';

/** PyTorch's default. */
const EPSILON = 1e-5;

/** A convolution into which a BatchNormalization may have been folded. */
interface Folded {
  readonly conv: Node;
  /** Where its bias is added: the convolution itself, or an Add behind it. */
  readonly last: Node;
  /** The parameter that is its bias, [channels] or [1, channels, 1, 1]. */
  readonly bias: string;
}

/** A BatchNormalization that stands where one may have been folded away. */
export interface RestoredNorm {
  /** The output of the convolution with its bias, in the network without the norm. */
  readonly output: Value;
  readonly bias: string;
  /** Names of its parameters: weight, bias, running mean, running variance. */
  readonly names: { readonly weight: string; readonly bias: string; readonly mean: string; readonly variance: string };
}

/** Means and population variances of a convolution's output, [channels] each. */
export interface ChannelMoments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

export interface RestoredNetwork {
  /** With a BatchNormalization behind each of the convolutions, whose biases are gone. */
  readonly graph: Graph;
  readonly norms: readonly RestoredNorm[];
}

/** Whether a network normalises anywhere. */
export function hasNorms(graph: Graph): boolean {
  return graph.nodes.some(({ op }) => op.endsWith('Normalization'));
}

/**
 * A network without any normalisation, with one behind every convolution that has a bias: but the head, and convolutions of
 * globally pooled maps, such as those of squeeze-and-excitation, which have a bias and no norm. Undefined where nothing is
 * to be put back. The norms' values come from `normValues`.
 */
export function withRestoredNorms(source: Graph): RestoredNetwork | undefined {
  if (hasNorms(source)) return undefined;
  const folded = foldedIn(source);
  if (folded.length === 0) return undefined;
  const byConv = new Map(folded.map((each) => [each.conv, each]));
  const adds = new Map(folded.filter(({ conv, last }) => last !== conv).map((each) => [each.last, each]));
  const graph = new Graph(source.name);
  const norms: RestoredNorm[] = [];
  const rewrite: Rewrite = (node, inputs, target) => {
    // The Add of a bias hands on what the norm in front of it gave
    const add = adds.get(node);
    if (add) return [present(inputs[add.last.inputs.indexOf(add.conv.output())], 'the norm')];
    const found = byConv.get(node);
    if (!found) return undefined;
    const y = target.op('Conv', inputs.slice(0, 2), node.attributes, { name: target.scoped(node.name) });
    const norm = declareNorm(source, target, found);
    norms.push(norm);
    const { weight, bias, mean, variance } = norm.names;
    const values = [weight, bias, mean, variance].map((name) => present(target.parameters.get(name), name).value);
    const name = weight.replace(/\.weight$/, '/BatchNormalization');
    return [target.op('BatchNormalization', [y, ...values], { epsilon: EPSILON, momentum: 0.9 }, { name })];
  };
  const gone = biasesGone(source, folded);
  const bind = new Map<string, Value>();
  for (const [name, { value, role, initialiser }] of source.parameters) {
    // Nothing reads a bias that is gone
    bind.set(name, gone.has(name) ? graph.scalar(0) : graph.parameter(name, value.shape, initialiser, role));
  }
  const copied = inline(source, graph, { bind, rewrite });
  for (const [name, value] of source.outputs) graph.output(name, present(copied.get(value), name));
  return { graph, norms };
}

function foldedIn(graph: Graph): Folded[] {
  const head = findHead(graph);
  const needed = neededNodes(graph);
  const users = usersOf(graph, needed);
  const pooled = pooledValues(graph);
  return graph.nodes.flatMap((conv) => {
    if (conv.op !== 'Conv' || conv.domain !== '' || !needed.has(conv)) return [];
    if (isHead(head) && head.layer === conv) return [];
    const weight = conv.input(1).name;
    if (!graph.parameters.has(weight) || pooled.has(conv.input(0))) return [];
    const found = biasOf(graph, conv, users);
    return found ? [{ conv, ...found }] : [];
  });
}

/** What is computed of globally pooled maps alone: squeeze-and-excitation's gates, and what follows the last pooling. */
function pooledValues(graph: Graph): Set<Value> {
  const pooled = new Set<Value>();
  for (const node of graph.nodes) {
    const computed = node.inputs.filter((input) => input && graph.producer(input));
    const isPooled = computed.length > 0 && computed.every((input) => input && pooled.has(input));
    if (isPooled || poolsAll(node)) for (const output of node.outputs) pooled.add(output);
  }
  return pooled;
}

/** Whether a node makes one position of a map of several. */
function poolsAll({ op, inputs, outputs }: Node): boolean {
  const [x, y] = [inputs[0], outputs[0]];
  if (!op.match(/Pool$|^Reduce/) || x?.shape.length !== 4 || !y) return false;
  return elementCount(spatialSizes(x)) > 1 && (y.shape.length < 4 || elementCount(spatialSizes(y)) === 1);
}

function biasOf(
  graph: Graph,
  conv: Node,
  users: ReadonlyMap<Value, readonly Node[]>,
): Omit<Folded, 'conv'> | undefined {
  const own = conv.inputs[2];
  if (own) return graph.parameters.has(own.name) ? { last: conv, bias: own.name } : undefined;
  const [add, ...others] = users.get(conv.output()) ?? [];
  if (add?.op !== 'Add' || others.length > 0 || isOutput(graph, conv.output())) return undefined;
  const bias = add.inputs.find((input) => input && input !== conv.output() && graph.parameters.has(input.name));
  const channels = Number(conv.output().shape[1]);
  const perChannel = bias && elementCount(bias.shape.map(Number)) === channels && isAlongChannels(bias.shape, channels);
  return perChannel ? { last: add, bias: bias.name } : undefined;
}

/** [C, 1, 1] or [1, C, 1, 1]. */
function isAlongChannels(shape: Value['shape'], channels: number): boolean {
  return shape.at(-3) === channels;
}

function usersOf(graph: Graph, needed: ReadonlySet<Node>): Map<Value, Node[]> {
  const users = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    if (!needed.has(node)) continue;
    for (const input of node.inputs) if (input) users.set(input, [...(users.get(input) ?? []), node]);
  }
  return users;
}

function isOutput(graph: Graph, value: Value): boolean {
  return [...graph.outputs.values()].includes(value);
}

/** The biases that nothing else reads. */
function biasesGone(graph: Graph, folded: readonly Folded[]): Set<string> {
  const readers = new Map(folded.map(({ last, bias }) => [last, bias]));
  const kept = new Set(
    graph.nodes.flatMap((node) =>
      node.inputs.flatMap((input) => (input && readers.get(node) !== input.name ? [input.name] : [])),
    ),
  );
  return new Set(folded.map(({ bias }) => bias).filter((bias) => !kept.has(bias)));
}

const ONES: Initialiser = { kind: 'constant', value: 1 };
const ZEROS: Initialiser = { kind: 'constant', value: 0 };

function declareNorm(source: Graph, target: Graph, { conv, last, bias }: Folded): RestoredNorm {
  const channels = Number(conv.output().shape[1]);
  const base = freePrefix(source, target, `${conv.input(1).name.replace(/[._]weight$/, '')}.norm`);
  const names = {
    weight: `${base}.weight`,
    bias: `${base}.bias`,
    mean: `${base}.running_mean`,
    variance: `${base}.running_var`,
  };
  target.parameter(names.weight, [channels], ONES);
  target.parameter(names.bias, [channels], ZEROS);
  target.parameter(names.mean, [channels], ZEROS, 'buffer');
  target.parameter(names.variance, [channels], ONES, 'buffer');
  return { output: last.output(), bias, names };
}

/** A convolution whose weights several nodes share has a norm at each. */
function freePrefix(source: Graph, target: Graph, wanted: string): string {
  const isTaken = (prefix: string) =>
    ['weight', 'bias', 'running_mean', 'running_var'].some((part) => {
      return source.hasName(`${prefix}.${part}`) || target.hasName(`${prefix}.${part}`);
    });
  for (let i = 1; ; i++) {
    const prefix = i === 1 ? wanted : `${wanted}_${i}`;
    if (!isTaken(prefix)) return prefix;
  }
}

/**
 * The values with which a norm changes nothing at inference: running mean m - b, running variance v, weight sqrt(v + eps),
 * bias m, where m and v are the moments of the convolution's output with its bias b.
 */
export function normValues(
  { bias, names }: RestoredNorm,
  { mean, variance }: ChannelMoments,
  { parameters }: Pick<Weighted, 'parameters'>,
): Map<string, Tensor> {
  const shift = float32Data(present(parameters.get(bias), bias));
  const column = (values: ArrayLike<number>) => tensor('float32', [mean.length], Float32Array.from(values));
  return new Map([
    [names.weight, column(variance.map((v) => Math.sqrt(v + EPSILON)))],
    [names.bias, column(mean)],
    [names.mean, column(mean.map((m, c) => m - at(shift, c)))],
    [names.variance, column(variance)],
  ]);
}
