import type { Emit } from '../events/events.js';
import type { RequestedSettings } from '../settings/settings.js';

/** A picture with its class, as a page has it. */
export interface LabelledPicture {
  /** Under which it is saved in the run's zip; unique. */
  readonly name: string;
  /** Index of its class. */
  readonly label: number;
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each pixel, row by row: uint8 [height, width, 3]. */
  readonly pixels: Uint8Array;
}

/** Where a page's networks train: the graphics card, or the processor. */
export type Provider = 'webgpu' | 'wasm';

/** What a training in a page begins with. */
export interface BrowserTrainingOptions {
  /** Two or more. */
  readonly classes: readonly string[];
  readonly pictures: readonly LabelledPicture[];
  /** As in Node.js: networks, input size, epochs, optimizer, rule, seed. What a page can't do is an error that says so. */
  readonly settings: RequestedSettings;
  /** A safetensors file of weights for each network, where it begins with such. */
  readonly weights?: readonly (Uint8Array | undefined)[];
  /** Where ONNX Runtime's files are served from. */
  readonly runtimeUrl: string;
  /** Only this one; the graphics card where it gives the processor's numbers, else the processor, when left out. */
  readonly provider?: Provider;
  /** What goes on, as `save` gave it. */
  readonly resume?: Uint8Array;
  /** Told as a run in Node.js tells: `step` with who teaches whom, `epoch` with the validation. */
  readonly emit: Emit;
}

/** Networks that train in a page. Nothing leaves it. */
export interface BrowserTraining {
  readonly provider: Provider;
  readonly threads: number;
  /** Trains to the last epoch, or until it is asked to stop. */
  run(): Promise<'finished' | 'stopped'>;
  /** The step in progress is the last one; `run` returns after it. */
  stop(): void;
  /** Probabilities [classes] of each network for a picture: with the weights of now. */
  predict(picture: Pick<LabelledPicture, 'width' | 'height' | 'pixels'>): Promise<Float32Array[]>;
  /** Share of the validation pictures of each class that each network gets right: [network][class], NaN for a class without any. */
  classAccuracies(): Promise<number[][]>;
  /** All that it needs to go on, in one piece; for IndexedDB. */
  save(): Promise<Uint8Array>;
  /** The best network as an ONNX model that prepares its images itself, as `agon export` writes it. */
  exportModel(): Promise<Uint8Array>;
  /** A zip: a run's folder, and its pictures in class folders. `agon train --resume` goes on with it in Node.js. */
  exportRun(): Promise<Uint8Array>;
  close(): Promise<void>;
}
