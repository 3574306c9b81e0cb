import type { StartEvent } from '../train/events.js';
import { checkVersion } from '../util/format-version.js';
import { FORMATS } from '../util/formats.js';

const START = '{"type":"start",';

/** The start as a log has it: with the log's version. */
export function versioned({ type, ...rest }: StartEvent): StartEvent & { readonly version: number } {
  return { type, version: FORMATS.log.version, ...rest };
}

/** Fails for the log of a newer Agon, with its path. One without a start, or with only half of it, is of no version. */
export function checkLogVersion(text: string, path: string): void {
  const start = text.split('\n').find((line) => line.startsWith(START));
  if (start !== undefined) checkVersion(FORMATS.log, versionIn(start), path);
}

function versionIn(start: string): unknown {
  try {
    return (JSON.parse(start) as { readonly version?: unknown }).version;
  } catch {
    return undefined;
  }
}
