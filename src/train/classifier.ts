import type { Preprocessing } from '../data/preprocess.js';
import type { Shape } from '../graph/dim.js';
import type { Tensor } from '../onnx/tensor.js';
import type { Device } from '../runtime/device.js';

/** A trained classifier from a run's folder or an ONNX file, open, and what is known of it. */
export interface Classifier {
  /** Class names in the order of the logits; undefined where nothing names them. */
  readonly classes: readonly string[] | undefined;
  /** Of its images, [N, channels, height, width]. */
  readonly input: Shape;
  /** What its images are normalised by; undefined where nothing says so. */
  readonly normalisation: Pick<Preprocessing, 'mean' | 'std'> | undefined;
  logits(images: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}

export interface ClassifierOptions {
  readonly device: Device;
  readonly threads?: number | undefined;
}
