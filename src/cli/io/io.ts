import { type Environment, type Output, writeJsonLine, writeText } from '../../report/output.js';

/** What commands have to do with the outside: a process, or a test's stand-ins. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** 0 unless a command says otherwise. */
  exitCode: number;
}

/** The streams of this process. */
export function processIo(): CliIo {
  return { stdout: process.stdout, stderr: process.stderr, env: process.env, exitCode: 0 };
}

/** Writes lines to an output. */
export function writeLines(output: Output, ...lines: readonly string[]): void {
  writeText(output, lines);
}

/** Writes a value as one line of JSON. */
export function writeJson(output: Output, value: unknown): void {
  writeJsonLine(output, value);
}
