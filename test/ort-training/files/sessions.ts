import { encodeModel } from '../../../src/onnx/file.js';
import { type Tensor, tensor } from '../../../src/onnx/tensor.js';
import { createOrtTraining, type OrtExportOptions } from '../../../src/ort-training/files/export.js';
import { ORT_FILES } from '../../../src/ort-training/files/files.js';
import type { ModelOptions } from '../../../src/ort-training/files/training-model.js';
import { buildTrainingModels } from '../../../src/ort-training/files/training-model.js';
import { OrtTrainingSession } from '../../../src/ort-training/session/session.js';
import { stream } from '../../../src/util/random.js';

/** The official session on exported files; with `models`, on models of other options beside the same checkpoint. */
export async function openExported(options: OrtExportOptions, models?: ModelOptions): Promise<OrtTrainingSession> {
  const files = createOrtTraining(options);
  const bytes = (name: string) => files.get(name) as Uint8Array;
  const other = models && buildTrainingModels(options.network, models);
  return OrtTrainingSession.open({
    trainModel: other ? encodeModel(other.training) : bytes(ORT_FILES.training),
    evalModel: other ? encodeModel(other.evaluation) : bytes(ORT_FILES.evaluation),
    optimizerModel: bytes(ORT_FILES.optimizer),
    checkpointState: bytes(ORT_FILES.checkpoint),
  });
}

/** A batch of normal noise with labels. */
export function randomBatch(size: number, [channels, side, classes]: readonly [number, number, number], seed: number) {
  const random = stream(seed, 'batch');
  const count = size * channels * side * side;
  return {
    images: tensor(
      'float32',
      [size, channels, side, side],
      Float32Array.from({ length: count }, () => random.normal()),
    ),
    labels: tensor(
      'int64',
      [size],
      BigInt64Array.from({ length: size }, () => BigInt(random.below(classes))),
    ),
  };
}

/** Largest difference of two tensors, relative to the largest element of the second. */
export function relativeDifference(a: Tensor, b: Tensor): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  if (x.length !== y.length) return Number.POSITIVE_INFINITY;
  const largest = y.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-12);
  return x.reduce((max, value, i) => Math.max(max, Math.abs(value - (y[i] as number))), 0) / largest;
}
