import { parentPort, workerData } from 'node:worker_threads';
import { AgonError, messageOf, present } from '../util/error.js';
import { train } from './train.js';
import { SHARED, STOP, type WorkerInput, type WorkerMessage } from './worker-messages.js';

const port = present(parentPort, 'the parent of the training thread');
const { settings, folder, resume, report, dataPaths, shared } = workerData as WorkerInput;
const send = (message: WorkerMessage) => port.postMessage(message);
let sent = 0;

/** Waits until the other thread has handled all events: it has nothing to wait for in this one. */
function waitForListener(): void {
  for (let handled = 0; ; Atomics.wait(shared, SHARED.handled, handled)) {
    handled = Atomics.load(shared, SHARED.handled);
    if (handled === sent) return;
  }
}

try {
  const outcome = await train({
    settings,
    folder,
    resume,
    report,
    dataPaths,
    emit: (event) => {
      sent++;
      send({ kind: 'event', event });
    },
    stopRequested: () => Atomics.load(shared, SHARED.stop) !== 0,
    abandoned: () => (Atomics.load(shared, SHARED.stop) & STOP.atOnce) !== 0,
    waitForListener,
  });
  send({ kind: 'done', outcome });
} catch (error) {
  const stack = error instanceof Error ? error.stack : undefined;
  const ours = error instanceof AgonError;
  send({ kind: 'error', message: messageOf(error), ours, stack, code: ours ? error.code : undefined });
}
