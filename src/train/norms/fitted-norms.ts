import { averageName } from '../../distill/names.js';
import { networkPrefix } from '../../distill/step.js';
import type { ChannelMoments } from '../../foreign/folded-norms.js';
import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node/node.js';
import { type Group, trainedGraphs } from '../../group/group.js';
import { tensorsOf } from '../../group/heads.js';
import { float32Data, type Tensor, tensor } from '../../onnx/tensor.js';
import type { Settings } from '../../settings/settings.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';
import type { RunData } from '../data.js';
import { channelMoments } from './channel-moments.js';

/** What a BatchNormalization computes with, [channels] each. */
export interface NormValues {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/**
 * The group with its trained BatchNormalizations fitted to the images (`fitNorms`): their running statistics are those of the training
 * images, and weights and biases such that inference is unchanged. Training, which normalises by each batch's own statistics, then begins
 * with what the weights do at inference, also on images unlike those that they were trained on. Norms without given weights stay.
 */
export async function fitNorms(
  group: Group,
  data: RunData,
  settings: Settings,
  check: () => void = () => {},
): Promise<Group> {
  const { weights } = group;
  if (!settings.fitNorms || !weights) return group;
  const tensors = new Map(weights.tensors);
  for (const [i, trained] of trainedGraphs(group, settings).entries()) {
    const own = { graph: at(group.graphs, i), parameters: tensorsOf(weights.tensors, i) };
    const norms = own.graph.nodes.filter((node) => isTrained(node, trained) && isGiven(node, own.parameters));
    if (norms.length === 0) continue;
    // Averages of the weights as they were don't go with norms that are others now: they begin anew
    for (const name of own.graph.parameters.keys()) tensors.delete(averageName(networkPrefix(i) + name));
    const values = norms.map((node) => node.input(0));
    const moments = await channelMoments({ ...own, values }, data, settings, check);
    for (const [k, node] of norms.entries()) {
      for (const [name, value] of fittedTensors(node, own.parameters, at(moments, k))) {
        tensors.set(networkPrefix(i) + name, value);
      }
    }
  }
  return { ...group, weights: { ...weights, tensors } };
}

/** A node's parameters by name, fitted. */
function fittedTensors(
  node: Node,
  parameters: ReadonlyMap<string, Tensor>,
  moments: ChannelMoments,
): (readonly [string, Tensor])[] {
  const names = parametersOf(node);
  const own = fitted(valuesOf(names, parameters), moments, node.number('epsilon', 1e-5));
  return [own.weight, own.bias, own.mean, own.variance].map((numbers, j) => {
    return [at(names, j), tensor('float32', [numbers.length], numbers)] as const;
  });
}

/**
 * The norm with other running statistics and the same results with them: s = weight / sqrt(variance + epsilon) stays, weight becomes
 * s * sqrt(v + epsilon), bias becomes bias + (m - mean) * s, where m and v are the moments.
 */
export function fitted(norm: NormValues, moments: ChannelMoments, epsilon: number): NormValues {
  const scale = (c: number) => at(norm.weight, c) / Math.sqrt(at(norm.variance, c) + epsilon);
  return {
    weight: norm.weight.map((_, c) => scale(c) * Math.sqrt(at(moments.variance, c) + epsilon)),
    bias: norm.bias.map((b, c) => b + (at(moments.mean, c) - at(norm.mean, c)) * scale(c)),
    mean: Float32Array.from(moments.mean),
    variance: Float32Array.from(moments.variance),
  };
}

/** Whether a node normalises by the statistics of the batch where the network trains. */
function isTrained({ op, domain, inputs }: Node, { parameters }: Graph): boolean {
  if (op !== 'BatchNormalization' || domain !== '') return false;
  const isOpen = (value: Value | null) =>
    value !== null && parameters.has(value.name) && parameters.get(value.name)?.role !== 'frozen';
  return inputs.slice(1, 5).every(isOpen);
}

function isGiven(node: Node, parameters: ReadonlyMap<string, Tensor>): boolean {
  return parametersOf(node).every((name) => parameters.has(name));
}

/** The names of a normalisation's weight, bias, running mean and running variance. */
function parametersOf({ inputs }: Node): string[] {
  return inputs.slice(1, 5).map((value) => present(value, 'a parameter').name);
}

function valuesOf(names: readonly string[], tensors: ReadonlyMap<string, Tensor>): NormValues {
  const [weight, bias, mean, variance] = names.map((name) => float32Data(present(tensors.get(name), name)));
  const of = (numbers: Float32Array | undefined) => present(numbers, 'its values');
  return { weight: of(weight), bias: of(bias), mean: of(mean), variance: of(variance) };
}
