import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { StartEvent, TrainEvent } from '../../events/events.js';
import { at } from '../../util/checked.js';
import { AgonError, messageOf } from '../../util/error.js';
import { errorCode, writeFileWhole } from '../../util/files/files.js';
import { linesOf } from '../../util/files/read-lines.js';
import { printableJson } from '../../util/printable.js';
import { trimLog } from './jsonl-trim.js';
import { checkLogVersion, versioned } from './log-version.js';

/** A subscriber that writes events to a file. */
export interface JsonlLog {
  /**
   * Appends an event, before what it returns is settled. Doesn't throw: the first failure ends the log, and is what `close`
   * rejects with.
   */
  onEvent(event: TrainEvent): void | Promise<void>;
  close(): Promise<void>;
}

export interface JsonlOptions {
  /** The start of a run that goes on: the log is made to end where that is. */
  readonly resumed?: StartEvent | undefined;
  /** Called at the first failure. */
  readonly onFailure?: ((failure: AgonError) => void) | undefined;
  /** Called when the log of a run that goes on lacks something that nobody knows any more. */
  readonly onGap?: ((message: string) => void) | undefined;
}

/**
 * Opens a log with one event a line as JSON (numbers that are not finite are null). Every line is written at once, whole
 * or not at all. The log of a resumed run reads like that of a run that was never stopped.
 */
export async function createJsonlLog(path: string, options: JsonlOptions = {}): Promise<JsonlLog> {
  const { resumed, onFailure, onGap } = options;
  if (resumed) await trimFile(path, resumed, onGap);
  const file = openLog(path);
  const unwritten: TrainEvent[] = [];
  let failure: AgonError | undefined;
  const append = (event: TrainEvent) =>
    appendLine(file, path, `${printableJson(event.type === 'start' ? versioned(event) : event)}\n`);
  return {
    onEvent(event) {
      if (resumed && event.type === 'start') return;
      // How far a download is: of no interest later
      if (event.type === 'phase' && event.detail !== undefined) return;
      const failed = failure ?? append(event);
      if (failed) unwritten.push(event);
      if (!failed || failure) return;
      failure = failed;
      onFailure?.(failed);
    },
    close() {
      // There may be room again.
      while (unwritten.length > 0 && !append(at(unwritten, 0))) unwritten.shift();
      closeSync(file);
      return failure ? Promise.reject(failure) : Promise.resolve();
    },
  };
}

/** Makes the log of a run that goes on end where it does. */
async function trimFile(path: string, resumed: StartEvent, onGap: JsonlOptions['onGap']): Promise<void> {
  let missing = 0;
  const kept = async function* () {
    const lines = trimLog(checkedLines(path), versioned(resumed));
    let next = await lines.next();
    for (; !next.done; next = await lines.next()) yield Buffer.from(`${next.value}\n`);
    missing = next.value;
  };
  await writeFileWhole(path, kept());
  if (missing > 0) onGap?.(`${path} lacks ${missing} steps: it has a gap there`);
}

async function* checkedLines(path: string): AsyncGenerator<string> {
  for await (const line of linesOf(path)) {
    checkLogVersion(line, path);
    yield line;
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    throw new AgonError(path, `the log can't be opened: ${messageOf(error)}`, { cause: error });
  }
}

function appendLine(file: number, path: string, line: string): AgonError | undefined {
  const bytes = Buffer.from(line);
  const { size } = fstatSync(file);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    return undefined;
  } catch (error) {
    truncate(file, size);
    const hint = errorCode(error) === 'ENOSPC' ? 'Free some disk space, then go on with the run' : 'Go on with the run';
    return new AgonError(path, `the log can't be written: ${messageOf(error)}`, { hint, cause: error });
  }
}

/** Removes the beginning of a line that could not be finished. */
function truncate(file: number, size: number): void {
  try {
    ftruncateSync(file, size);
  } catch {
    // The file is a pipe or device, or gone: the failed write is the error to tell.
  }
}
