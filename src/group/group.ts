import type { ArtifactContent } from '../artifacts/create.js';
import type { Weights } from '../artifacts/weights.js';
import type { Dataset, Size } from '../data/dataset/dataset.js';
import { AVERAGE } from '../distill/names.js';
import { buildStep, networkPrefix, type StepGraph } from '../distill/step.js';
import type { StepPlan } from '../distill/step-options.js';
import type { NetworkInfo } from '../events/events.js';
import type { Graph } from '../graph/graph.js';
import type { BegunNetwork } from '../imported/model-network.js';
import { freezeNetwork } from '../nets/freeze.js';
import { initialiseParameter, initialiseParameters } from '../nets/initialise.js';
import { countParameters } from '../nets/summary.js';
import type { Tensor } from '../onnx/tensor.js';
import { mixingFor } from '../settings/augmentation.js';
import type { Settings } from '../settings/settings.js';
import { present } from '../util/error.js';
import { type TakenWeights, takeWeights } from '../weights/take-weights.js';
import type { NetworkSources } from './network-source.js';
import { weightsOf } from './taken-weights.js';

/** The networks of a run: forward graphs, what reports call them, and what they begin with where that is given. */
export interface Group extends Pick<NetworkSources, 'weights'> {
  readonly graphs: readonly Graph[];
  readonly networks: readonly NetworkInfo[];
  /** What each network took of a file of weights, where the settings name such. */
  readonly taken?: readonly TakenWeights[];
  /** What models' networks began as, undefined for one of the zoo; where the settings name models. */
  readonly begun?: readonly (BegunNetwork | undefined)[];
  /** What the run keeps of the models. */
  readonly kept?: ArtifactContent;
}

/** What reports say of a network. */
export function networkInfo(graph: Graph, index: number, sources: NetworkSources['sources']): NetworkInfo {
  return { index, name: present(sources[index], 'its source').name, parameters: countParameters(graph) };
}

/** The forward graphs of networks that aren't models; takes what they begin with from files of weights. */
export function groupOfSources(
  { sources, weights, pretrained }: NetworkSources,
  { classes, channels }: Pick<Dataset, 'classes' | 'channels'>,
  input: Size,
): Group {
  const shape = { classes: classes.length, channels, height: input.height, width: input.width };
  const graphs = sources.map((source) => source.create(shape));
  const networks = graphs.map((graph, index) => networkInfo(graph, index, sources));
  const taken = pretrained?.map((file, i) => {
    return takeWeights(present(graphs[i], 'its network'), file, { network: present(networks[i], 'its network').name });
  });
  const begin = taken ? weightsOf(taken) : weights;
  return { graphs, networks, ...(begin && { weights: begin }), ...(taken && { taken }) };
}

/** The group's whole training step, of {@link planStep}. */
export function createStep(group: Group, settings: Settings, classWeights?: readonly number[]): StepGraph {
  const { networks, settings: own, options } = planStep(group, settings, classWeights);
  return buildStep(networks, own, options);
}

/**
 * What the group's training step is built from, for whole batches of the settings' size, with as many images without labels where there are
 * such; with own inputs where one may be perturbed.
 *
 * @param classWeights - What each class counts in the cross-entropy, where they aren't all the same.
 */
export function planStep({ graphs }: Group, settings: Settings, classWeights?: readonly number[]): StepPlan {
  const { batchSize: batch, inputPerturbation, unlabelled } = settings;
  const [ownInputs, mixed] = [inputPerturbation !== null, mixingFor(settings) !== undefined];
  const options = { batch, unlabelled: unlabelled === null ? 0 : batch, ownInputs, mixed, classWeights };
  return { networks: graphs, settings, options };
}

/** The networks with what of them is trained: what the settings freeze is no weight in these. */
export function trainedGraphs({ graphs }: Group, { freeze }: Pick<Settings, 'freeze'>): Graph[] {
  return graphs.map((graph) => freezeNetwork(graph, freeze));
}

/**
 * The state before the first step: initialised parameters, optimizer state zero, or what the group's weights give. What only
 * the step has (learned projections) has streams of its own, so the networks start the same with it and without.
 */
export function initialState(group: Group, step: StepGraph, seed: number): Map<string, Tensor> {
  const initial = initialParameters(group, seed);
  const { weights } = group;
  for (const [name, value] of weights ? usableWeights(weights, step).tensors : []) initial.set(name, value);
  const first = (name: string) => initialiseParameter(present(step.graph.parameters.get(name), name), seed, 'step');
  // An average begins as what it is one of
  const averaged = (name: string) => initial.get(name.slice(0, -`.${AVERAGE}`.length));
  const isAverage = (name: string) => step.graph.parameters.get(name)?.role === 'average';
  const given = (name: string) => initial.get(name) ?? (isAverage(name) ? averaged(name) : undefined);
  return new Map(step.state.map((name) => [name, given(name) ?? first(name)]));
}

/** The values that all parameters of all networks begin with. */
export function initialParameters({ graphs, weights }: Group, seed: number): Map<string, Tensor> {
  const initial = new Map<string, Tensor>();
  graphs.forEach((graph, i) => {
    for (const [name, value] of initialiseParameters(graph, seed, i)) {
      initial.set(networkPrefix(i) + name, weights?.tensors.get(networkPrefix(i) + name) ?? value);
    }
  });
  return initial;
}

/** Updates that the optimizer state has seen before the first step: 0 unless it is given with the weights. */
export function updatesBefore({ weights }: Group, step: StepGraph): number {
  return weights ? usableWeights(weights, step).updates : 0;
}

/** Whether the optimizer's state that is given with the weights is of no use to the step. */
export function dropsOptimizerState(group: Group, step: StepGraph): boolean {
  return (group.weights?.updates ?? 0) > updatesBefore(group, step);
}

/** What a step has use for of given weights. The optimizer's state is taken whole or not at all: then it begins anew. */
export function usableWeights(
  { tensors, updates }: Pick<Weights, 'tensors' | 'updates'>,
  { graph, state }: Pick<StepGraph, 'graph' | 'state'>,
): Pick<Weights, 'tensors' | 'updates'> {
  const isOptimizers = (name: string) => graph.parameters.get(name)?.role === 'optimizer';
  const goesOn = state.filter(isOptimizers).every((name) => tensors.has(name));
  const used = state.filter((name) => tensors.has(name) && (goesOn || !isOptimizers(name)));
  return {
    tensors: new Map(used.map((name) => [name, present(tensors.get(name), name)])),
    updates: goesOn ? updates : 0,
  };
}
