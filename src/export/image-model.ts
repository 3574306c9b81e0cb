import type { Preprocessing } from '../data/image/preprocess.js';
import { type Probabilities, withImageInput } from '../foreign/image-input.js';
import type { ModelProto } from '../onnx/model.js';

/** A model that takes tensors as one that takes images, which it prepares as Agon does, and gives probabilities beside its logits. */
export function imageModel(model: ModelProto, preprocessing: Preprocessing, probabilities: Probabilities): ModelProto {
  return {
    ...withImageInput(model, preprocessing, probabilities),
    docString:
      'Image classifier. Input: images, uint8 [N, H, W, 3] (red, green, blue), of any size. Outputs: probabilities and logits [N, classes], see the metadata "labels".',
  };
}
