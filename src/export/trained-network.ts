import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../artifacts/manifest.js';
import { openArtifact } from '../artifacts/read.js';
import { networkPrefix } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import type { NetworkInput } from '../nets/registry.js';
import type { Tensor } from '../onnx/tensor.js';
import { readCheckpoint } from '../train/checkpoint.js';
import { createStep, openRunGroup, updatesBefore } from '../train/group.js';
import { readLineage } from '../train/lineage-file.js';
import { openSources } from '../train/network-source.js';
import { runPaths } from '../train/run-folder.js';
import { fail, present } from '../util/error.js';

/** A network with the values of its parameters, and of its optimizer's state. */
export interface TrainedNetwork {
  readonly name: string;
  readonly graph: Graph;
  /** By their names in the graph; the optimizer's as `<parameter>.<state>`. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Updates that the optimizer's state has seen. */
  readonly updates: number;
}

/** The network of a run that validated best, at its best epoch, or that of an artifact with weights. */
export async function openTrainedNetwork(folder: string): Promise<TrainedNetwork> {
  return existsSync(join(folder, MANIFEST_FILE)) ? ofArtifact(folder) : ofRun(folder);
}

async function ofRun(folder: string): Promise<TrainedNetwork> {
  const paths = runPaths(folder);
  const checkpoint = await readCheckpoint(paths.best);
  const { network } = present(checkpoint.best, 'the best epoch');
  const group = await openRunGroup(folder, checkpoint);
  const { stepsPerEpoch } = await readLineage(paths.lineage);
  const { epoch, step } = checkpoint.position;
  return {
    name: present(group.networks[network], 'the network').name,
    graph: present(group.graphs[network], 'the network'),
    weights: weightsOf(checkpoint.tensors, network),
    updates: updatesBefore(group, createStep(group, checkpoint.settings)) + epoch * stepsPerEpoch + step,
  };
}

async function ofArtifact(folder: string): Promise<TrainedNetwork> {
  const { manifest } = await openArtifact(folder);
  const { sources, weights } = await openSources({ nets: [], artifacts: folder });
  const [source, another] = sources;
  if (!weights || !source) {
    return fail(folder, 'this artifact has no weights', { hint: 'Take a run, or a network of the zoo (--nets)' });
  }
  if (another) {
    const got = sources.map(({ name }) => name).join(', ');
    return fail(folder, 'it has several networks', { expected: 'one', got, hint: 'Train it, and take the run' });
  }
  return {
    name: source.name,
    graph: source.create(sizesOf(folder, present(manifest.networks[0], 'the network'))),
    weights: weightsOf(weights.tensors, 0),
    updates: weights.updates,
  };
}

interface Entry {
  readonly inputs: readonly { readonly shape: readonly (number | string)[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[];
}

/** What a network with weights is made for. */
function sizesOf(folder: string, { inputs, outputs }: Entry): NetworkInput {
  const logits = outputs.find(({ name }) => name === 'logits');
  const [channels, height, width, classes] = [...(inputs[0]?.shape.slice(1) ?? []), logits?.shape[1]].map((size) => {
    if (typeof size === 'number') return size;
    return fail(folder, `the size "${size}" of its network is open`, { hint: 'Train it, and take the run' });
  }) as [number, number, number, number];
  return { channels, height, width, classes };
}

function weightsOf(tensors: ReadonlyMap<string, Tensor>, network: number): Map<string, Tensor> {
  const prefix = networkPrefix(network);
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, value]) => [name.slice(prefix.length), value]));
}
