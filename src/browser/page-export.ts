import { networkPrefix } from '../distill/step.js';
import { imageModel } from '../export/image-model.js';
import { inferenceModel } from '../export/inference-model.js';
import { metadataOf } from '../export/metadata.js';
import { subjectOf } from '../export/subject.js';
import { inOperatorSet } from '../graph/operator-sets.js';
import type { Group } from '../group/group.js';
import { encodeModel } from '../onnx/model-bytes.js';
import { type Checkpoint, tensorsWithoutTrial } from '../store/checkpoint-format.js';
import { present } from '../util/error.js';

/** What a model that is exported is made of. */
export interface ExportedFrom {
  readonly group: Group;
  readonly checkpoint: Checkpoint;
  readonly which: 'best' | 'last';
  /** The version of ONNX Runtime that it was trained with. */
  readonly onnxruntime: string;
}

/** The network that validated best as a model that prepares its images itself, with the metadata of `agon export`. */
export function exportedModel({ group, checkpoint, which, onnxruntime }: ExportedFrom): Uint8Array {
  const subject = subjectOf(group, checkpoint, { checkpoint: which });
  const tensors = tensorsWithoutTrial(checkpoint);
  const metadata = metadataOf({
    checkpoint,
    which,
    subject,
    graphs: group.graphs,
    weights: undefined,
    channels: 3,
    temperature: undefined,
    onnxruntime,
  });
  const prefix = networkPrefix(present(subject.network, 'its index'));
  const model = inferenceModel(subject.graph, (name) => present(tensors.get(prefix + name), prefix + name), metadata);
  const probabilities = { activation: 'Softmax', temperature: undefined } as const;
  const served = imageModel(model, checkpoint.preprocessing, probabilities);
  return encodeModel(inOperatorSet(served, `export of ${subject.name}`));
}
