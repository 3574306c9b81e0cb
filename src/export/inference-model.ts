import type { Preprocessing } from '../data/image/preprocess.js';
import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import type { ModelProto } from '../onnx/model.js';
import type { Tensor } from '../onnx/tensor.js';

/** What the exported model says about itself, each under its own metadata key, as JSON. */
export interface ModelMetadata {
  /** Class names in the order of the logits. */
  readonly labels: readonly string[];
  /** How an image becomes the input (see {@link Preprocessing}). */
  readonly preprocessing: Preprocessing;
  /** Where images have any number of classes, and the probability (sigmoid of the logit) from which on one counts as there. */
  readonly task?: 'multi-label';
  readonly threshold?: number;
  /** Where the model comes from: network or networks, settings, seed, versions, scores. */
  readonly agon: Readonly<Record<string, unknown>>;
}

/**
 * An inference graph as a model: input `images` [N, C, H, W], normalised as the metadata say; output `logits`
 * [N, classes]; BatchNormalization in inference form; parameters as initializers under their own names.
 */
export function inferenceModel(
  graph: Graph,
  parameterOf: (name: string) => Tensor,
  metadata: ModelMetadata,
): ModelProto {
  const texts = Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)]);
  return toModel(graph, {
    parameters: new Map(Array.from(graph.parameters.keys(), (name) => [name, parameterOf(name)])),
    metadata: Object.fromEntries(texts),
    docString:
      'Image classifier. Input: normalised images [N, C, H, W], see the metadata "preprocessing". Output: logits, see "labels".',
  });
}
