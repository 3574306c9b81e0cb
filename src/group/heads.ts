import { buildStep, networkPrefix, type StepGraph } from '../distill/step.js';
import type { StepPlan } from '../distill/step-options.js';
import { cutFrozen } from '../graph/cut.js';
import type { Graph } from '../graph/graph.js';
import { freezeNetwork } from '../nets/freeze.js';
import type { Tensor } from '../onnx/tensor.js';
import type { Settings } from '../settings/settings.js';
import { fail, present } from '../util/error.js';
import type { Group } from './group.js';

/** The networks of a group in two: backbones that stay as they are, and the heads that are trained on their features. */
export interface Heads {
  readonly backbones: readonly Graph[];
  readonly heads: readonly Graph[];
}

/** Cuts every network of a group before its head. */
export function cutHeads({ graphs, networks }: Group): Heads {
  const cuts = graphs.map((graph, i) => {
    const { name } = present(networks[i], 'its network');
    return (
      cutFrozen(freezeNetwork(graph, 'backbone')) ??
      fail(
        `network ${i} (${name})`,
        "it can't be cut before its head: the head takes more than one value of the rest",
        {
          hint: 'Train it without features that are computed once: --feature-cache none',
        },
      )
    );
  });
  return { backbones: cuts.map(({ backbone }) => backbone), heads: cuts.map(({ head }) => head) };
}

/** The training step of the heads, of {@link planHeadStep}. */
export function createHeadStep(cut: Heads, settings: Settings, classWeights?: readonly number[]): StepGraph {
  const { networks, settings: own, options } = planHeadStep(cut, settings, classWeights);
  return buildStep(networks, own, options);
}

/**
 * What the training step of the heads is built from. What they are fed doesn't change, so there is no loss on features.
 *
 * @param classWeights - What each class counts in the cross-entropy, where they aren't all the same.
 */
export function planHeadStep({ heads }: Heads, settings: Settings, classWeights?: readonly number[]): StepPlan {
  const trained = { ...settings, freeze: 'none', beta: 0 };
  return { networks: heads, settings: trained, options: { batch: settings.batchSize, onFeatures: true, classWeights } };
}

/** One network's part of the tensors of a group, by their names in its graph. */
export function tensorsOf(tensors: ReadonlyMap<string, Tensor>, network: number): Map<string, Tensor> {
  const prefix = networkPrefix(network);
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** The tensors of a network's backbone in a state of the whole group. */
export function parametersOf(tensors: ReadonlyMap<string, Tensor>, network: number): (name: string) => Tensor {
  return (name) => present(tensors.get(networkPrefix(network) + name), networkPrefix(network) + name);
}
