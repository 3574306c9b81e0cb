import { Worker } from 'node:worker_threads';
import type { TrainEvent } from '../../events/events.js';
import { restoreError } from '../../util/error.js';
import { workerFile } from '../../util/worker-file.js';
import type { Place } from '../http/listen.js';
import type { FromServer, ServerInput, ToServer } from './messages.js';

/** A server that shows a run while it trains. */
export interface RunServer {
  /** Its address, with the token where one is needed. */
  readonly url: string;
  /** Takes the run's events: what the run does before its first step, and when it begins. All else is read from its folder. */
  onEvent(event: TrainEvent): void;
  /** Lets open pages have the last of the run, which takes a few seconds at most, and ends. */
  close(): Promise<void>;
}

/**
 * Shows the run of a folder, in a thread of its own that reads the folder as another process would: neither pages nor who reads them can
 * keep the training waiting. A port that is taken is an error that says what to do.
 */
export async function serveRun(folder: string, place: Place): Promise<RunServer> {
  const { filename, ...flags } = workerFile(import.meta.url, './worker');
  const workerData: ServerInput = { folder, ...place };
  const worker = new Worker(filename, { ...flags, workerData });
  // A page is no reason to stay
  const tell = (message: ToServer) => worker.postMessage(message);
  const url = await new Promise<string>((resolve, reject) => {
    worker.once('message', (message: FromServer) => {
      if (message.kind === 'listening') resolve(message.url);
      else if (message.kind === 'error') reject(restoreError(message));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the serving thread ended unexpectedly')));
  });
  worker.unref();
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  // One that fails later has nobody to tell: training goes on without pages.
  worker.on('error', () => undefined);
  return {
    url,
    onEvent(event) {
      if (event.type === 'phase') tell({ kind: 'phase', event });
      else if (event.type === 'start') tell({ kind: 'begin' });
    },
    async close() {
      worker.ref();
      tell({ kind: 'finish' });
      await exited;
    },
  };
}
