import type { Task } from '../../util/task.js';

/** What a page of a model knows of it: `page.json`, which lies beside the page. */
export interface PageDescription {
  readonly version: number;
  /** The page's heading. */
  readonly title: string;
  readonly classes: readonly string[];
  readonly task: Task;
  /** From which probability on a class counts as there, where an image may have any number of them. */
  readonly threshold: number;
  /** What a browser's answers are held against. */
  readonly check: Check;
  /** More that the page tells: names and values. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** All files of the folder, this one included. */
  readonly files: readonly string[];
}

/** The probabilities that the model gave in Node.js for the image of `checkImage` with this size. */
export interface Check {
  readonly height: number;
  readonly width: number;
  readonly probabilities: readonly number[];
}

/** How far a browser's probabilities may be from those of Node.js. */
export const TOLERANCE = 1e-3;

export const DESCRIPTION_FILE = 'page.json';
export const MODEL_FILE = 'model.onnx';

/** ONNX Runtime's files for a way to run: the one that is loaded, and what that loads. */
export const RUNTIMES = {
  webgpu: { module: 'ort.webgpu.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.asyncify.wasm' },
  wasm: { module: 'ort.wasm.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.wasm' },
} as const;
/** A way to run a model: on the graphics card, or on the processor. */
export type Provider = keyof typeof RUNTIMES;
/** The folder of {@link RUNTIMES}, beside the page. */
export const RUNTIME_FOLDER = 'onnxruntime';
