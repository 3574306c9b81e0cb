import type { WeightsPreprocessing } from '../../weights/files/timm-config.js';

/** A network whose weights the server has. */
export interface Backbone {
  /** Its name in the zoo. */
  readonly network: string;
  /** What its weights are called. */
  readonly weights: string;
  /** Where the server has them, as safetensors. */
  readonly file: string;
  readonly bytes: number;
  readonly preprocessing?: Pick<WeightsPreprocessing, 'mean' | 'std' | 'size' | 'crop'>;
}

/** What the server tells the page. */
export interface DemoDescription {
  /** Names of classes to begin with; empty where the user names them. */
  readonly classes: readonly string[];
  /** Networks with weights, one or two; empty where this machine has none. */
  readonly backbones: readonly Backbone[];
}

/** The id of the element with the {@link DemoDescription}. */
export const DESCRIPTION_ID = 'demo-description';

/** Where ONNX Runtime's files are, as seen from the page. */
export const RUNTIME_PATH = '/onnxruntime/';
/** Where weights are. */
export const WEIGHTS_PATH = '/weights/';

export const LEAST_CLASSES = 2;
export const MOST_CLASSES = 5;
