import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import type { ModelProto } from '../onnx/model.js';
import type { Tensor } from '../onnx/tensor.js';

/** What a model says about itself: texts by their keys. */
export type ModelMetadata = Readonly<Record<string, string>>;

/**
 * An inference graph as a model: input `images` [N, C, H, W], normalised as the metadata say; output `logits`
 * [N, classes]; BatchNormalization in inference form; parameters as initializers under their own names.
 */
export function inferenceModel(
  graph: Graph,
  parameterOf: (name: string) => Tensor,
  metadata: ModelMetadata,
): ModelProto {
  return toModel(graph, {
    parameters: new Map(Array.from(graph.parameters.keys(), (name) => [name, parameterOf(name)])),
    metadata,
    docString:
      'Image classifier. Input: normalised images [N, C, H, W], see the metadata "preprocessing". Output: logits, see "labels".',
  });
}
