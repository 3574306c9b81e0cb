import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ArtifactNetwork } from '../artifacts/create.js';
import { MANIFEST_FILE, type Manifest, type NetworkEntry } from '../artifacts/manifest.js';
import { openArtifact } from '../artifacts/read.js';
import { LICENCE, zooNetworks } from '../artifacts/zoo.js';
import { buildStep, networkPrefix, type StepSettings } from '../distill/step.js';
import type { ForeignOptions } from '../foreign/foreign-model.js';
import { withoutImageInput } from '../foreign/image-input.js';
import { createStep, updatesBefore, usableWeights } from '../group/group.js';
import { type NetworkSources, openRunSources, openSources } from '../group/network-source.js';
import { openCheckpoint } from '../group/open-checkpoint.js';
import { withoutSkips } from '../group/skipped-updates.js';
import { readMetadata, readTrainedSettings } from '../imported/model-metadata.js';
import { readLineageHeader } from '../lineage/lineage-file.js';
import type { NetworkInput } from '../nets/registry.js';
import { readModelFile } from '../onnx/file.js';
import type { Tensor } from '../onnx/tensor.js';
import { artifactSettings } from '../settings/artifact-settings.js';
import { updatesIn } from '../settings/learning-rate.js';
import type { Settings, SettingsInput } from '../settings/settings.js';
import { spanBefore } from '../settings/spans.js';
import { bestEpochOf } from '../store/checkpoint-check.js';
import { checkState } from '../store/checkpoint-tensors.js';
import { runPaths } from '../store/run-folder.js';
import { fail, present } from '../util/error.js';
import { importLogits } from './import-logits.js';

/** Networks with the values of their parameters, and of their optimizer's state. */
export interface TrainedGroup {
  /** For the classes and channels that they were trained on. */
  readonly networks: readonly ArtifactNetwork[];
  readonly input: NetworkInput;
  /** Parameters `net<i>.<name>`, optimizer state `net<i>.<name>.<state>`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Updates that the optimizer's state has seen. */
  readonly updates: number;
  /** The network that validated best, where that is known. */
  readonly best: number | undefined;
  /** How they were trained; `artifacts` is where networks are from whose names are none of the zoo. */
  readonly settings: SettingsInput;
  /** How their images are normalised. */
  readonly preprocessing: Manifest['preprocessing'];
  readonly licence: string | null;
  /** What was done to a model to make it one of Agon's, each in one line. */
  readonly notes?: readonly string[];
}

/** The networks of a run at its best epoch, those of an artifact with weights, or the one of an ONNX model (a file). */
export async function openTrainedGroup(path: string, options: ForeignOptions = {}): Promise<TrainedGroup> {
  if (existsSync(path) && statSync(path).isFile()) return ofModel(path, options);
  if (options.output !== undefined) {
    fail(path, 'no ONNX model', { got: `an output "${options.output}"`, hint: 'Leave --output out' });
  }
  return existsSync(join(path, MANIFEST_FILE)) ? ofArtifact(path) : ofRun(path);
}

/** Of a model that Agon exported, the settings and the normalisation are known. */
async function ofModel(path: string, options: ForeignOptions): Promise<TrainedGroup> {
  const model = withoutImageInput(await readModelFile(path));
  const { graph, parameters, image, classes, notes } = await importLogits(model, path, options);
  const { preprocessing } = readMetadata(model, path);
  const settings = readTrainedSettings(model, path);
  const name = basename(path, '.onnx');
  return {
    networks: [{ name, spec: null, build: () => graph }],
    input: { classes, ...image },
    tensors: new Map([...parameters].map(([key, value]) => [networkPrefix(0) + key, value])),
    updates: 0,
    best: 0,
    settings: { ...(settings && alone(settings)), nets: [name], artifacts: path },
    preprocessing: preprocessing && { mean: [...preprocessing.mean], std: [...preprocessing.std] },
    licence: null,
    notes: notes.map((note) => `${path}: ${note}`),
  };
}

async function ofRun(folder: string): Promise<TrainedGroup> {
  const { path, checkpoint, group } = await openCheckpoint(folder, 'best');
  const { settings, classes, preprocessing, position, tensors } = checkpoint;
  const { channels, height, width, mean, std } = preprocessing;
  const sources = await openRunSources(folder, settings);
  const { begin, freeze } = spanBefore(settings, position);
  const step = createStep(group, { ...settings, freeze });
  if (settings.engine === 'agon') checkState(path, checkpoint, step.state);
  const stepsPerEpoch = checkpoint.stepsPerEpoch ?? (await readLineageHeader(runPaths(folder).lineage)).stepsPerEpoch;
  const updated = updatesIn(settings, position.epoch * stepsPerEpoch + position.step);
  const input = { classes: classes.length, channels, height, width };
  // Where other layers joined in, the optimizer began anew
  const before = begin === 0 ? updatesBefore(group, step) : 0;
  const updates = before + updated - updatesIn(settings, begin * stepsPerEpoch);
  return {
    networks: sources.artifact ? artifactNetworks(sources, input) : fixedNetworks(zooNetworks(settings.nets), input),
    input,
    tensors: withoutSkips(tensors, settings.nets.length, settings.optimizer, updates),
    updates,
    best: bestEpochOf(path, checkpoint).network,
    settings: { ...alone(settings), freeze, artifacts: sources.artifact ? runPaths(folder).artifacts : null },
    preprocessing: { mean: [...mean], std: [...std] },
    licence: sources.artifact ? sources.artifact.manifest.licence : LICENCE,
  };
}

/** Settings that name neither preset nor artifact nor another run nor files of weights; what is exported trains in float32. */
function alone(settings: Settings): Settings {
  const own = { preset: null, artifacts: null, from: null, pretrained: null, unfreezeAt: null } as const;
  return { ...settings, ...own, engine: 'agon', precision: 'float32' };
}

async function ofArtifact(folder: string): Promise<TrainedGroup> {
  const artifact = await openArtifact(folder);
  const { manifest } = artifact;
  const sources = await openSources({ nets: [], artifacts: folder });
  const { weights } = sources;
  if (!weights) {
    return fail(folder, 'this artifact has no weights', { hint: 'Take a run, or a network of the zoo (--nets)' });
  }
  const sizes = { ...manifest.step?.sizes, ...fixedSizes(present(manifest.networks[0], 'the network')) };
  const sizeOf = (size: keyof NetworkInput) =>
    sizes[size] ?? fail(folder, `the size "${size}" of its networks is open`, { hint: 'Train it, and take the run' });
  const input = {
    classes: sizeOf('classes'),
    channels: sizeOf('channels'),
    height: sizeOf('height'),
    width: sizeOf('width'),
  };
  return {
    networks: artifactNetworks(sources, input),
    input: input,
    ...weights,
    best: manifest.networks.length === 1 ? 0 : undefined,
    settings: { ...artifactSettings(artifact), nets: manifest.networks.map(({ name }) => name), artifacts: folder },
    preprocessing: manifest.preprocessing,
    licence: manifest.licence,
  };
}

/** Networks whose weights are for some classes and channels: those are no longer open. */
function fixedNetworks(networks: readonly ArtifactNetwork[], { classes, channels }: NetworkInput): ArtifactNetwork[] {
  return networks.map((network) => ({ ...network, build: (at) => network.build({ ...at, classes, channels }) }));
}

function artifactNetworks({ sources, artifact }: NetworkSources, input: NetworkInput): ArtifactNetwork[] {
  const networks = sources.map(({ create }, i): ArtifactNetwork => {
    const entry = present(artifact?.manifest.networks[i], 'its entry');
    return { name: entry.name, spec: entry.spec, build: (at) => create({ ...at, ...fixedSizes(entry) }) };
  });
  return fixedNetworks(networks, input);
}

/** The sizes that a network of an artifact is made for. */
function fixedSizes({ inputs, outputs }: NetworkEntry): Partial<NetworkInput> {
  const [channels, height, width] = inputs[0]?.shape.slice(1) ?? [];
  const classes = outputs.find(({ name }) => name === 'logits')?.shape[1];
  const sizes = Object.entries({ classes, channels, height, width });
  return Object.fromEntries(sizes.filter(([, size]) => typeof size === 'number'));
}

/**
 * What training goes on from under these settings: the optimizer's state comes along where it is that of the settings' optimizer, else it
 * begins anew.
 */
export function weightsFor({ networks, input, tensors, updates }: TrainedGroup, settings: StepSettings) {
  const graphs = networks.map((network) => network.build(input));
  return usableWeights({ tensors, updates }, buildStep(graphs, settings, { batch: 'N' }));
}
