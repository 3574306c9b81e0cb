import { printable } from './format.js';
import { LiveReport } from './live-report.js';
import { colorsFor, type Environment, isLive, type Output, writeJsonLine, writeText } from './output.js';
import { PlainReport } from './plain-report.js';
import type { EventReport } from './report.js';

export interface ConsoleOptions {
  readonly output: Output;
  /** Warnings and the result only. */
  readonly quiet?: boolean;
  /** Seconds from any origin. */
  readonly now?: () => number;
  readonly env?: Environment;
}

/** Shows a run's events: live on a terminal, as plain lines elsewhere. */
export function createConsoleReport({
  output,
  quiet = false,
  now = seconds,
  env = process.env,
}: ConsoleOptions): EventReport {
  const colors = colorsFor(output, env);
  return isLive(output, env) && !quiet
    ? new LiveReport(output, colors, now)
    : new PlainReport(output, colors, now, quiet);
}

/** Writes each event as a line of JSON, for another program to read; messages go to a second output. */
export function createJsonReport({ output, notes }: { readonly output: Output; readonly notes: Output }): EventReport {
  return {
    onEvent: (event) => writeJsonLine(output, event),
    note: (message) => writeText(notes, [printable(message)]),
    close: () => {},
  };
}

function seconds(): number {
  return performance.now() / 1000;
}
