import { isMainThread } from 'node:worker_threads';

/** With 1 in it, ONNX Runtime's library collects, keeps and sends nothing. It looks when it is loaded. */
const VARIABLE = 'ORT_DISABLE_TELEMETRY';

/**
 * Turns ONNX Runtime's telemetry off in this process, unless the variable says otherwise. Only the main thread can: what
 * another thread writes to `process.env` the library doesn't see. Threads that are started after it need nothing more.
 */
export function turnOffTelemetry(): void {
  if (process.env[VARIABLE] !== undefined) return;
  process.env[VARIABLE] = '1';
  if (isMainThread) return;
  process.emitWarning(
    `ONNX Runtime's telemetry can't be turned off from a worker thread: import agon in the main thread first, or set ${VARIABLE}=1 for the process`,
    'AgonWarning',
  );
}
