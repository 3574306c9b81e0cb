import { parentPort, workerData } from 'node:worker_threads';
import { AgonError, messageOf, present } from '../util/error.js';
import type { TrainEvent } from './events.js';
import type { Settings } from './settings.js';
import { train } from './train.js';

/** What the starting thread hands over. `stop[0]` becomes 1 when the run should stop. */
export interface WorkerInput {
  readonly settings: Settings;
  readonly folder: string;
  readonly resume: boolean;
  readonly stop: Int32Array;
}

/** What comes back: events, then one outcome or one error. */
export type WorkerMessage =
  | { readonly kind: 'event'; readonly event: TrainEvent }
  | { readonly kind: 'done'; readonly outcome: 'finished' | 'stopped' }
  | { readonly kind: 'error'; readonly message: string; readonly ours: boolean; readonly stack: string | undefined };

const port = present(parentPort, 'the parent of the training thread');
const { settings, folder, resume, stop } = workerData as WorkerInput;
const send = (message: WorkerMessage) => port.postMessage(message);

try {
  const outcome = await train({
    settings,
    folder,
    resume,
    emit: (event) => send({ kind: 'event', event }),
    stopRequested: () => Atomics.load(stop, 0) === 1,
  });
  send({ kind: 'done', outcome });
} catch (error) {
  const stack = error instanceof Error ? error.stack : undefined;
  send({ kind: 'error', message: messageOf(error), ours: error instanceof AgonError, stack });
}
