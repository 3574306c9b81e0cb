import pc from 'picocolors';
import { printableJson, printableLines } from '../util/printable.js';

/** Where a report is written: a terminal, a file or a pipe; a plain stream in tests. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Functions that wrap a text in a colour, or leave it alone. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Writes composed lines: whatever else comes from outside, only their breaks and colours act on a terminal. */
export function writeText(output: NodeJS.WritableStream, lines: readonly string[]): void {
  output.write(`${printableLines(lines.join('\n'))}\n`);
}

/** Writes a value as one line of JSON. */
export function writeJsonLine(output: NodeJS.WritableStream, value: unknown): void {
  output.write(`${printableJson(value)}\n`);
}

/** Colours for an output: on a terminal, unless NO_COLOR is set (https://no-color.org) or the terminal is a dumb one. */
export function colorsFor({ isTTY = false }: Pick<Output, 'isTTY'>, env: Environment = process.env): Colors {
  return pc.createColors(!env.NO_COLOR && (Boolean(env.FORCE_COLOR) || (isTTY && env.TERM !== 'dumb')));
}

/** Whether lines can be changed in place. */
export function isLive({ isTTY = false }: Pick<Output, 'isTTY'>, env: Environment = process.env): boolean {
  return isTTY && env.TERM !== 'dumb';
}

/** Columns of the terminal; 80 when unknown. */
export function widthOf({ columns }: Pick<Output, 'columns'>): number {
  return columns && columns > 0 ? columns : 80;
}
