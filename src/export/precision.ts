import { createLoader } from '../data/batch/open-loader.js';
import type { Split } from '../data/dataset/dataset.js';
import { limitSplit } from '../data/dataset/split.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { inOperatorSet } from '../graph/operator-sets.js';
import { encodeModel } from '../onnx/file.js';
import type { ModelProto } from '../onnx/model.js';
import { tensor } from '../onnx/tensor.js';
import { inHalfPrecision } from '../quantisation/half-model.js';
import type { Calibration } from '../quantisation/observe.js';
import { quantised } from '../quantisation/quantise.js';
import { CPU } from '../runtime/device.js';
import { Session } from '../runtime/session.js';

/** What a model computes in, if not in float32: 16-bit floats; or whole numbers of 8 bits (QuantizeLinear and DequantizeLinear). */
export type Precision = 'fp16' | 'int8';

/** A model in another precision, and what was done for it. */
export interface ConvertedModel {
  readonly model: ModelProto;
  readonly described: PrecisionFacts;
}

/** What the metadata say of a model's precision. */
export interface PrecisionFacts {
  readonly precision: Precision;
  /** The kinds of operators that stayed float32. */
  readonly inFloat32: readonly string[];
  /** fp16: how many weights were beyond its largest number and became that, and how many were too small and became 0. */
  readonly weights?: { readonly clipped: number; readonly vanished: number };
  /** int8: how ranges were found, and on how many training images. */
  readonly calibration?: { readonly method: 'min-max'; readonly images: number };
}

/** Where calibration images are from. */
export interface CalibrationImages {
  readonly split: Split;
  readonly count: number;
  readonly preprocessing: Preprocessing;
  readonly seed: number;
}

/** A float32 model with the input `images` in another precision; what it takes and gives stays float32. */
export async function inPrecision(
  model: ModelProto,
  precision: Precision,
  where: string,
  images: CalibrationImages,
): Promise<ConvertedModel> {
  if (precision === 'fp16') {
    const { model: half, inSingle, clipped, vanished } = inHalfPrecision(model);
    return { model: half, described: { precision, inFloat32: inSingle, weights: { clipped, vanished } } };
  }
  const split = limitSplit(images.split, images.count, images.seed);
  const { model: whole, inSingle } = await quantised(model, where, calibrationOn(split, images.preprocessing, where));
  const calibration = { method: 'min-max', images: split.length } as const;
  return { model: whole, described: { precision, inFloat32: inSingle, calibration } };
}

/** All values of a batch are in memory at once. */
const BATCH = 8;

/** Runs a model on images as evaluation prepares them. */
function calibrationOn(split: Split, preprocessing: Preprocessing, where: string): Calibration {
  const { channels, height, width } = preprocessing;
  return async function* (model) {
    const session = await Session.open(encodeModel(inOperatorSet(model, where)), { device: CPU });
    const loader = createLoader({ split, preprocessing, batchSize: BATCH });
    const names = model.graph.output.map(({ name }) => name);
    try {
      for await (const { images, size } of loader.epoch())
        yield await session.run({ images: tensor('float32', [size, channels, height, width], images) }, names);
    } finally {
      await loader.close();
      await session.close();
    }
  };
}
