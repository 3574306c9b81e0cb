import { networkPrefix } from '../../distill/step.js';
import type { ChannelMoments } from '../../foreign/folded-norms.js';
import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node/node.js';
import { type Group, trainedGraphs } from '../../group/group.js';
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
  const trained = trainedGraphs(group, settings);
  for (const [i, graph] of group.graphs.entries()) {
    const own = new Map(
      [...graph.parameters.keys()].flatMap((name) => {
        const value = tensors.get(networkPrefix(i) + name);
        return value ? [[name, value] as const] : [];
      }),
    );
    const norms = graph.nodes.filter(
      (node) => isTrained(node, at(trained, i)) && parametersOf(node).every((name) => own.has(name)),
    );
    if (norms.length === 0) continue;
    const values = norms.map((node) => node.input(0));
    const moments = await channelMoments({ graph, parameters: own, values }, data, settings, check);
    for (const [k, node] of norms.entries()) {
      const names = parametersOf(node);
      const { weight, bias, mean, variance } = fitted(
        valuesOf(names, own),
        at(moments, k),
        node.number('epsilon', 1e-5),
      );
      for (const [j, numbers] of [weight, bias, mean, variance].entries()) {
        tensors.set(networkPrefix(i) + at(names, j), tensor('float32', [numbers.length], numbers));
      }
    }
  }
  return { ...group, weights: { ...weights, tensors } };
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

/** The names of a normalisation's weight, bias, running mean and running variance. */
function parametersOf({ inputs }: Node): string[] {
  return inputs.slice(1, 5).map((value) => present(value, 'a parameter').name);
}

function valuesOf(names: readonly string[], tensors: ReadonlyMap<string, Tensor>): NormValues {
  const [weight, bias, mean, variance] = names.map((name) => float32Data(present(tensors.get(name), name)));
  const of = (numbers: Float32Array | undefined) => present(numbers, 'its values');
  return { weight: of(weight), bias: of(bias), mean: of(mean), variance: of(variance) };
}
