import type { Preprocessing } from '../data/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import { Graph } from '../graph/graph.js';
import { rewriteGraph } from '../graph/inline.js';
import { toModel } from '../graph/to-model.js';
import type { ModelProto } from '../onnx/model.js';
import type { Tensor } from '../onnx/tensor.js';
import { present } from '../util/error.js';

/** What the exported model says about itself, each under its own metadata key; all but `description` are JSON. */
export interface ModelMetadata {
  /** Class names in the order of the logits. */
  readonly labels: readonly string[];
  /** How an image becomes the input (see {@link Preprocessing}). */
  readonly preprocessing: Preprocessing;
  /** Where the model comes from: network, settings, seed, versions, accuracies. */
  readonly agon: Readonly<Record<string, unknown>>;
}

/**
 * A network as an inference model: input `images` [N, C, H, W], normalised as the metadata say; output `logits`
 * [N, classes]; BatchNormalization and Dropout in inference form; parameters as initializers under their own names.
 */
export function inferenceModel(
  forward: Graph,
  index: number,
  state: ReadonlyMap<string, Tensor>,
  metadata: ModelMetadata,
): ModelProto {
  const graph = withoutTrainingNodes(forward);
  const names = [...graph.parameters.keys()];
  const parameters = new Map(names.map((name) => [name, present(state.get(networkPrefix(index) + name), name)]));
  const texts = Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)]);
  return toModel(graph, {
    parameters,
    metadata: Object.fromEntries(texts),
    docString:
      'Image classifier. Input: normalised images [N, C, H, W], see the metadata "preprocessing". Output: logits, see "labels".',
  });
}

/** The forward graph with logits as its only output and without Dropout, which does nothing at inference. */
function withoutTrainingNodes(forward: Graph): Graph {
  const logitsOnly = rewriteGraph(forward, new Graph(forward.name), (node, inputs) =>
    node.op === 'Dropout' ? [present(inputs[0], 'the input of Dropout')] : undefined,
  );
  logitsOnly.outputs.delete('features');
  return logitsOnly;
}
