import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Position, TrainEvent } from '../train/events.js';
import { AgonError, messageOf } from '../util/error.js';
import { errorCode, writeFileWhole } from '../util/files.js';
import { printableJson } from '../util/printable.js';
import { hasStart, trimLog } from './jsonl-trim.js';

/** A subscriber that writes events to a file. */
export interface JsonlLog {
  /** Appends an event. Doesn't throw: the first failure ends the log and is what `close` rejects with. */
  onEvent(event: TrainEvent): void;
  close(): Promise<void>;
}

export interface JsonlOptions {
  /** Where the run goes on: what the log says of steps and epochs from there on is dropped first. */
  readonly resumeAt?: Position | undefined;
}

/**
 * Opens a log with one event a line as JSON (numbers that are not finite are null). Every line is written at once, whole
 * or not at all. The log of a resumed run reads like that of a run that was never stopped.
 */
export async function createJsonlLog(path: string, { resumeAt }: JsonlOptions = {}): Promise<JsonlLog> {
  const started = resumeAt !== undefined && (await trimFile(path, resumeAt));
  const file = openLog(path);
  let failure: AgonError | undefined;
  return {
    onEvent(event) {
      if (failure || (started && event.type === 'start')) return;
      failure = appendLine(file, path, `${printableJson(event)}\n`);
    },
    close() {
      closeSync(file);
      return failure ? Promise.reject(failure) : Promise.resolve();
    },
  };
}

/** Drops what will come again; tells whether the log still has the run's start. */
async function trimFile(path: string, resumeAt: Position): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw new AgonError(path, `can't be read: ${messageOf(error)}`, { cause: error });
  });
  const kept = trimLog(text, resumeAt);
  if (kept !== text) await writeFileWhole(path, kept);
  return hasStart(kept);
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
    const hint = errorCode(error) === 'ENOSPC' ? 'Free some disk space; the log ends here' : 'The log ends here';
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
