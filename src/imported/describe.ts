import { importModel } from '../artifacts/import-model.js';
import { checkTrainable } from '../autodiff/trainable.js';
import { hasNorms, withRestoredNorms } from '../foreign/folded-norms.js';
import { findHead, isHead } from '../foreign/head.js';
import { beforeActivation } from '../foreign/output-choice.js';
import type { Graph } from '../graph/graph.js';
import { countMultiplyAdds, countParameters } from '../nets/summary.js';
import { messageOf } from '../util/error.js';
import type { ImageFacts } from './image-facts.js';
import { OUTPUT_HINT, readModel, sizeToImport } from './model-network.js';

/** What there is to say of an ONNX classifier as a network to train. */
export interface ModelDescription {
  readonly path: string;
  readonly parameters: number;
  /** For one image's forward pass. */
  readonly multiplyAdds: number;
  readonly input: { readonly channels: number; readonly height: number; readonly width: number };
  /** Whether height and width are open: they are those that the rest was counted for. */
  readonly openSize: boolean;
  readonly classes: number;
  /** Their names; null where nothing says them. */
  readonly labels: readonly string[] | null;
  /** The layer that makes the class scores; null where there is none that can be replaced. */
  readonly head: string | null;
  /** Normalisations by operator. */
  readonly norms: Readonly<Record<string, number>>;
  /** Convolutions behind which BatchNormalization is put back. */
  readonly restoredNorms: number;
  /** How images are normalised; null where nothing says so. */
  readonly images: ImageFacts | null;
  /** What was done to it. */
  readonly notes: readonly string[];
  /** Why it can't be trained; null if it can. */
  readonly obstacle: string | null;
}

const PREPARES = 'the file takes images of any size and prepares them; what is trained is the network behind that';

/** Describes an ONNX model. One that isn't a classifier of images, or has an operator that Agon doesn't know, is an error. */
export async function describeModel(path: string): Promise<ModelDescription> {
  const { model, facts, size, preparesImages } = await readModel(path);
  const output = beforeActivation(model, path, OUTPUT_HINT);
  const settled = sizeToImport(size, facts);
  const { graph, image, classes, notes } = importModel(model, path, { output, size: settled, untrainable: true });
  const head = findHead(graph);
  const restored = withRestoredNorms(graph);
  return {
    path,
    parameters: countParameters(graph),
    multiplyAdds: countMultiplyAdds(graph),
    input: image,
    openSize: size === undefined,
    classes,
    labels: facts.labels?.length === classes ? facts.labels : null,
    head: isHead(head) ? head.layer.describe() : null,
    norms: hasNorms(graph) ? normsIn(graph) : {},
    restoredNorms: restored?.norms.length ?? 0,
    images: facts.images ?? null,
    notes: preparesImages ? [PREPARES, ...notes] : notes,
    obstacle: obstacleIn(graph),
  };
}

function normsIn({ nodes }: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of nodes) if (op.endsWith('Normalization')) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

function obstacleIn(graph: Graph): string | null {
  if (countParameters(graph) === 0) return 'it has no weights that could learn';
  try {
    checkTrainable(graph);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
