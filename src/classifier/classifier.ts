import type { Preprocessing } from '../data/image/preprocess.js';
import type { Shape } from '../graph/node/dim.js';
import type { Tensor } from '../onnx/tensor.js';
import type { Device } from '../runtime/device.js';
import type { Settings } from '../settings/settings.js';
import type { Task } from '../util/task.js';

/** A trained classifier from a run's folder or an ONNX file, open, and what is known of it. */
export interface Classifier {
  /** Class names in the order of the logits; undefined where nothing names them. */
  readonly classes: readonly string[] | undefined;
  /** What an image may have. */
  readonly task: Task;
  /** Of images with any number of classes: the probability from which on one counts as there; undefined where nothing says so. */
  readonly threshold?: number | undefined;
  /** Of its images, [N, channels, height, width]. */
  readonly input: Shape;
  /** How images become its input; undefined where nothing says so. */
  readonly preprocessing: Preprocessing | undefined;
  /** Of the run that it is from; undefined where nothing says so. */
  readonly settings: Settings | undefined;
  /** What a user should know of how it is read, each in one line. */
  readonly notes: readonly string[];
  /** Logits [N, classes] for images [N, channels, height, width]. */
  logits(images: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}

export interface ClassifierOptions {
  /** Of an ONNX model that doesn't say it: what its images may have (one class each). */
  readonly task?: Task | undefined;
  readonly device: Device;
  readonly threads?: number | undefined;
  /** Of an ONNX model: the value that holds the class scores. */
  readonly output?: string | undefined;
  /** The flag that gives it, for messages (`--output`). */
  readonly outputFlag?: string;
  /** The images that it is to be used on, where its own input leaves their sizes open. */
  readonly images?: Pick<Preprocessing, 'channels' | 'height' | 'width'>;
}
