/**
 * Training in a page: {@link startTraining}, in the page itself or in a worker, with the files of onnxruntime-web from any address.
 * Nothing here imports Node.js, and nothing leaves the page.
 *
 * Settings are those of Node.js ({@link parseRequested}); what {@link BrowserTraining.exportRun} gives goes on there (`agon train --resume`).
 * Where a page has a policy for its content, it needs `unsafe-eval` in `script-src` (for protobufjs), and for threads it must be isolated
 * from other origins (`Cross-Origin-Opener-Policy: same-origin`, `Cross-Origin-Embedder-Policy: require-corp`).
 *
 * @module agon/browser
 */
export { startTraining } from '../browser/start-training.js';
export type {
  BrowserTraining,
  BrowserTrainingOptions,
  LabelledPicture,
  Provider as TrainingProvider,
} from '../browser/training.js';
export type { Emit as TrainingListener } from '../events/events.js';
export { parseRequested, parseSettings, type RequestedSettings, type SettingsInput } from '../settings/settings.js';
export { AgonError, type ErrorDetail as AgonErrorDetail } from '../util/error.js';
