/**
 * Training in a page: {@link startTraining} in a page or a worker, with ONNX Runtime's files for browsers from any address. Nothing here
 * imports Node.js.
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
export { parseSettings } from '../settings/settings.js';
