import type { Emit } from '../events/events.js';
import type { RequestedSettings } from '../settings/settings.js';
import type { LabelledPicture } from './pictures/labelled-picture.js';
import type { Provider } from './web/provider.js';

export type { LabelledPicture } from './pictures/labelled-picture.js';
export type { Provider } from './web/provider.js';

/** What a training in a page begins with. */
export interface BrowserTrainingOptions {
  /** Two or more, by names that folders can have. */
  readonly classes: readonly string[];
  readonly pictures: readonly LabelledPicture[];
  /** As in Node.js: networks, input size, epochs, optimizer, rule, seed. What a page can't do is an error that says so. */
  readonly settings: RequestedSettings;
  /** A safetensors file of weights for each network, or one for all, where they begin with such: the settings' `pretrained` says what they are. Not needed to go on. */
  readonly weights?: readonly Uint8Array[];
  /** Address of the folder that ONNX Runtime's files are served from (`ort.wasm.bundle.min.mjs`, ... of onnxruntime-web 1.30.0). */
  readonly runtimeUrl: string;
  /** Only this one; the graphics card where it gives the processor's numbers, else the processor, when left out. */
  readonly provider?: Provider;
  /** What goes on, as `save` gave it: with the same classes, pictures and settings, but for more `epochs`. */
  readonly resume?: Uint8Array;
  /** Told as a run in Node.js tells: `step` with who teaches whom, `epoch` with the validation, `phase` while features are computed. */
  readonly emit: Emit;
}

/** Networks that train in a page. Nothing leaves it. */
export interface BrowserTraining {
  readonly provider: Provider;
  readonly threads: number;
  /** Trains to the last epoch, or until it is asked to stop; called again, it goes on. */
  run(): Promise<'finished' | 'stopped'>;
  /** The step in progress is the last one; `run` returns after it. */
  stop(): void;
  /** Probabilities [classes] of each network for a picture: with the weights of now. */
  predict(picture: Pick<LabelledPicture, 'width' | 'height' | 'pixels'>): Promise<Float32Array[]>;
  /** Share of the validation pictures of each class that each network gets right: [network][class], NaN for a class without any. */
  classAccuracies(): Promise<number[][]>;
  /** All that it needs to go on but the pictures, in one piece, as of the last epoch or stop; for IndexedDB. */
  save(): Promise<Uint8Array>;
  /** The network that validated best as an ONNX model that prepares its images itself, as `agon export` writes it. */
  exportModel(): Promise<Uint8Array>;
  /** A zip: a run's folder, `agon-run`, with its pictures in class folders. `agon train --resume agon-run --epochs <more>` goes on with it in Node.js. */
  exportRun(): Promise<Uint8Array>;
  /** Frees its sessions. */
  close(): Promise<void>;
}
