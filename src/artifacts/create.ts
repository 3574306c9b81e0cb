import { buildEvaluation } from '../distill/evaluation.js';
import type { Graph } from '../graph/graph.js';
import { lower } from '../lower/lower.js';
import { portable } from '../lower/portable/portable.js';
import type { NetworkInput } from '../nets/registry.js';
import { encodeSafetensors } from '../onnx/safetensors.js';
import type { Tensor } from '../onnx/tensor.js';
import { toFileName } from '../util/files/file-name.js';
import { sha256 } from '../util/files/sha256.js';
import type { Task } from '../util/task.js';
import { AGON_VERSION } from '../util/version.js';
import { evaluationEntry, networkEntry } from './entries.js';
import { MANIFEST_HEAD, type Manifest, type NetworkEntry } from './manifest.js';
import { encodeGraph } from './model-file.js';
import { openShapes } from './sizes.js';
import { type Described, type StepPlan, writeStep } from './step-file.js';

/** A network that goes into an artifact. */
export interface ArtifactNetwork {
  readonly name: string;
  /** Its specification in the zoo; null for a network from elsewhere. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  /**
   * Its forward graph: input `images` [N, channels, height, width], outputs `logits` [N, classes] and `features`. A size that it
   * doesn't depend on stays open in the artifact; a network of fixed sizes gives the same graph whatever it is asked for.
   */
  build(input: NetworkInput): Graph;
}

/** What an artifact is made of. */
export interface ArtifactOptions {
  readonly networks: readonly ArtifactNetwork[];
  /** The sizes that the step is written for, and at which open sizes are looked for. */
  readonly input: NetworkInput;
  /** No step file when left out. */
  readonly step?: StepPlan | undefined;
  /** First values: parameters `net<i>.<name>` and optimizer state `net<i>.<name>.<state>`, after so many updates. */
  readonly weights?: { readonly tensors: ReadonlyMap<string, Tensor>; readonly updates: number } | undefined;
  /** How the images are normalised that the weights were trained on. */
  readonly preprocessing?: Manifest['preprocessing'];
  /** How it is made. */
  readonly made: string;
  /** SPDX identifier; null where it isn't known. */
  readonly licence: string | null;
}

/** An artifact in memory: its manifest, and all other files by their path. */
export interface ArtifactContent {
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Makes an artifact of networks: equal options give equal bytes. Networks of one form share a file. */
export function createArtifact(options: ArtifactOptions): ArtifactContent {
  const { networks, input, step, weights, preprocessing, made, licence } = options;
  const files = new Map<string, Uint8Array>();
  const put = <Entry>({ entry, bytes }: Described<Entry>, path: string): Entry => {
    files.set(path, bytes);
    return entry;
  };
  const entries = networks.map((network) => addForward(files, network, input, networks.length === 1));
  const graphs = networks.map((network) => network.build(input));
  const manifest = {
    ...MANIFEST_HEAD,
    producer: `agon ${AGON_VERSION}`,
    made,
    licence,
    networks: entries,
    step: step ? put(writeStep(graphs, step, input, 'step.onnx'), 'step.onnx') : null,
    evaluation: put(writeEvaluation(networks, input, step?.settings.task, 'evaluation.onnx'), 'evaluation.onnx'),
    weights: weights ? { file: 'weights.safetensors', updates: weights.updates } : null,
    ...(preprocessing && { preprocessing }),
  };
  if (weights) files.set('weights.safetensors', encodeSafetensors(weights.tensors));
  return sealArtifact(manifest, files);
}

/** An artifact of these files, which are entered in its manifest with their hashes. */
export function sealArtifact(
  manifest: Omit<Manifest, 'files'>,
  files: ReadonlyMap<string, Uint8Array>,
): ArtifactContent {
  const entries = [...files].map(([path, bytes]) => [path, { bytes: bytes.length, sha256: sha256([bytes]) }]);
  return { manifest: { ...manifest, files: Object.fromEntries(entries) }, files };
}

const FORWARD_DOC =
  'Forward graph in inference form. Inputs: normalised images and all parameters; outputs: logits, and the last feature map before pooling.';
const EVALUATION_DOC =
  'All networks on one batch, in inference form. Inputs: images, labels and all parameters; outputs: cross-entropies, accuracies, logits.';

function addForward(
  files: Map<string, Uint8Array>,
  { name, spec, build }: ArtifactNetwork,
  input: NetworkInput,
  isAlone: boolean,
): NetworkEntry {
  const graph = build(input);
  const shapes = openShapes(build, input);
  const bytes = encodeGraph(graph, FORWARD_DOC, shapes);
  const forward = isAlone ? 'forward.onnx' : forwardPath(files, name, bytes);
  files.set(forward, bytes);
  return networkEntry(graph, shapes, { name, spec: spec && { ...spec }, forward });
}

/** `<name>/forward.onnx`, with a number behind the name where another network has taken it. */
function forwardPath(files: ReadonlyMap<string, Uint8Array>, name: string, bytes: Uint8Array): string {
  const folder = toFileName(name);
  // Some file systems don't tell capitals from small letters
  const taken = new Map([...files].map(([path, content]) => [path.toLowerCase(), { path, content }]));
  for (let i = 1; ; i++) {
    const path = `${folder}${i === 1 ? '' : `-${i}`}/forward.onnx`;
    const other = taken.get(path.toLowerCase());
    if (!other) return path;
    if (sha256([other.content]) === sha256([bytes])) return other.path;
  }
}

function writeEvaluation(
  networks: readonly ArtifactNetwork[],
  input: NetworkInput,
  task: Task | undefined,
  file: string,
): Described<Manifest['evaluation']> {
  const build = (at: NetworkInput) =>
    lower(
      buildEvaluation(
        networks.map((network) => network.build(at)),
        task,
      ),
      portable,
    );
  const graph = build(input);
  const shapes = openShapes(build, input);
  return { entry: evaluationEntry(graph, shapes, file), bytes: encodeGraph(graph, EVALUATION_DOC, shapes) };
}
