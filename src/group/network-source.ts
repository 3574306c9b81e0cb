import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ArtifactContent } from '../artifacts/create.js';
import { readForward } from '../artifacts/forward.js';
import { openArtifact } from '../artifacts/read.js';
import { readTrainable } from '../artifacts/trainable.js';
import { checkWeights, type Weights } from '../artifacts/weights.js';
import type { Graph } from '../graph/graph.js';
import type { FetchOptions } from '../hub/fetched.js';
import type { ModelNetwork } from '../imported/model-network.js';
import { hasModels, modelName } from '../nets/model-file.js';
import { buildNetwork, type NetworkInput, planNetwork } from '../nets/registry.js';
import { readSafetensors } from '../onnx/safetensors.js';
import type { OpenedWeights } from '../pretrained/open.js';
import { type Settings, settingsSchema } from '../settings/settings.js';
import { runPaths } from '../store/run-folder.js';
import { fail, present } from '../util/error.js';
import { openModels } from './model-sources.js';
import { type OpenedOrigin, openOrigin } from './origin.js';
import { openPretrained } from './pretrained.js';

/** Where one network of a group comes from. */
export interface NetworkSource {
  /** What reports call it. */
  readonly name: string;
  /** Its forward graph for some data. Data that it can't be settled for are an error. */
  create(input: NetworkInput): Graph;
  /** Its specification in the zoo, if it is of the zoo. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** The model that it begins with, where it isn't made by `create`. */
  readonly model?: ModelNetwork;
}

/** The networks of a run before its data are known. */
export interface NetworkSources {
  readonly sources: readonly NetworkSource[];
  /** What the networks begin with; drawn by the seed where there is none. */
  readonly weights?: Weights;
  /** What the run keeps of the artifact that they are from. */
  readonly artifact?: ArtifactContent;
  /** The run whose weights they are. */
  readonly from?: OpenedOrigin;
  /** The weights that a new run's networks begin with, one for each. */
  readonly pretrained?: readonly OpenedWeights[];
}

type Chosen = Pick<Settings, 'nets' | 'artifacts'>;
type ChosenFrom = Chosen & Partial<Pick<Settings, 'from' | 'pretrained'>>;

/** Networks of the zoo, by name or specification. */
export function zooSources(nets: Settings['nets']): NetworkSources {
  const sources = nets.map((spec) => {
    const plan = planNetwork(spec);
    return { name: plan.name, spec: { ...plan.spec }, create: (input: NetworkInput) => buildNetwork(plan, input) };
  });
  return { sources };
}

/** Networks of the zoo and of ONNX models. */
async function newSources(nets: Settings['nets']): Promise<NetworkSources> {
  if (!hasModels({ nets })) return zooSources(nets);
  const models = await openModels(nets);
  const sources = nets.map((net, i): NetworkSource => {
    const model = models[i];
    if (model) return { name: modelName(model.path), create: () => failUnbegun(model.path), model };
    return present(zooSources([net]).sources[0], 'its source');
  });
  return { sources };
}

function failUnbegun(path: string): never {
  throw new Error(`internal error: the network of ${path} is not made for sizes alone`);
}

/** The networks that a new run's settings name: those of an artifact's folder, or of the zoo; with another run's weights, or files of weights. */
export async function openSources(
  { nets, artifacts, from = null, pretrained = null }: ChosenFrom,
  options: FetchOptions = { env: process.env },
): Promise<NetworkSources> {
  if (pretrained !== null) return { ...zooSources(nets), pretrained: await openPretrained(pretrained, nets, options) };
  const kept = from !== null && hasModels({ nets }) ? runPaths(from).artifacts : artifacts;
  const sources = kept === null ? await newSources(nets) : await artifactSources(kept);
  return from === null ? sources : withWeights(sources, await openOrigin(from), nets);
}

/** The networks of a run that began already: of an artifact it has a copy, and what else it began with is in its checkpoints. */
export async function openRunSources(
  folder: string,
  { nets, artifacts, from = null }: ChosenFrom,
): Promise<NetworkSources> {
  const { weights, ...own } = await openSources({
    nets,
    artifacts: artifacts === null && !hasModels({ nets }) ? null : runPaths(folder).artifacts,
  });
  // A run that began with another one's weights has not begun with the artifact's
  return from === null && weights ? { ...own, weights } : own;
}

function withWeights(
  { sources, artifact }: NetworkSources,
  from: OpenedOrigin,
  nets: Settings['nets'],
): NetworkSources {
  if (!isDeepStrictEqual(nets, from.settings.nets)) {
    fail('settings', 'nets', {
      expected: `those of the run ${from.origin.run}: ${namesOf(from.settings.nets)}`,
      got: namesOf(nets),
      hint: 'Leave nets out',
    });
  }
  const checked = sources.map(({ name, create }, i) => {
    const checkedCreate = (input: NetworkInput) => {
      const graph = create(input);
      checkWeights(from.weights, graph, i);
      return graph;
    };
    return { name, create: checkedCreate };
  });
  return { sources: checked, weights: from.weights, from, ...(artifact && { artifact }) };
}

function namesOf(nets: Settings['nets']): string {
  return nets.map((net) => (typeof net === 'string' ? net : net.family)).join(', ');
}

/** Settings whose networks are an artifact's, if they name one. */
export async function settleNetworks<Given extends Chosen>(settings: Given): Promise<Given> {
  const { nets, artifacts } = settings;
  if (artifacts === null) return settings;
  const { manifest } = await openArtifact(artifacts);
  const own = manifest.networks.map(({ name }) => name);
  if (!isDeepStrictEqual(nets, own) && !isDeepStrictEqual(nets, settingsSchema.shape.nets.parse(undefined))) {
    fail('settings', 'nets and artifacts both name networks', {
      expected: `those of ${artifacts}: ${own.join(', ')}`,
      got: namesOf(nets),
      hint: 'Leave nets out',
    });
  }
  return { ...settings, nets: own };
}

async function artifactSources(folder: string): Promise<NetworkSources> {
  const artifact = await readTrainable(await openArtifact(folder));
  const { manifest, files } = artifact;
  const weights = readWeights(folder, artifact);
  const sources = manifest.networks.map((entry, i) => {
    const create = (input: NetworkInput) => {
      const bytes = present(files.get(entry.forward), entry.forward);
      const graph = readForward(bytes, join(folder, entry.forward), entry, input);
      if (weights) checkWeights(weights, graph, i);
      return graph;
    };
    return { name: entry.name, create };
  });
  return { sources, artifact, ...(weights && { weights }) };
}

function readWeights(folder: string, { manifest, files }: ArtifactContent): Weights | undefined {
  if (!manifest.weights) return undefined;
  const { file, updates } = manifest.weights;
  const where = join(folder, file);
  return { tensors: readSafetensors(present(files.get(file), file), where).tensors, updates, where };
}
