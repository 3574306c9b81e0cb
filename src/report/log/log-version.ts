import type { StartEvent } from '../../events/events.js';
import { checkVersion } from '../../util/formats/format-version.js';
import { FORMATS } from '../../util/formats/formats.js';
import { jsonIn } from '../../util/formats/json.js';

const START = '{"type":"start",';

/** The start as a log has it: with the log's version. */
export function versioned({ type, ...rest }: StartEvent): StartEvent & { readonly version: number } {
  return { type, version: FORMATS.log.version, ...rest };
}

/** Fails for the line that starts the log of a newer Agon, with the log's path. Only half of a start is of no version. */
export function checkLogVersion(line: string, path: string): void {
  if (line.startsWith(START)) checkVersion(FORMATS.log, versionIn(line), path);
}

function versionIn(start: string): unknown {
  const event = jsonIn(start);
  return typeof event === 'object' && event !== null && 'version' in event ? event.version : undefined;
}
