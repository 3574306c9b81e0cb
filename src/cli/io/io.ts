import { type Environment, type Output, writeJsonLine, writeText } from '../../report/output.js';

/** What comes from a pipe, a file or a terminal. */
export type Input = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };

/** What commands have to do with the outside: a process, or a test's stand-ins. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Standard input; nothing comes from it where it is left out. */
  readonly stdin?: Input;
  readonly env: Environment;
  /** 0 unless a command says otherwise. */
  exitCode: number;
}

/** The streams of this process. */
export function processIo(): CliIo {
  const { stdout, stderr, env } = process;
  return {
    stdout,
    stderr,
    // Opened when a command reads it
    get stdin() {
      return process.stdin;
    },
    env,
    exitCode: 0,
  };
}

/** Writes lines to an output. */
export function writeLines(output: Output, ...lines: readonly string[]): void {
  writeText(output, lines);
}

/** Writes a value as one line of JSON. */
export function writeJson(output: Output, value: unknown): void {
  writeJsonLine(output, value);
}
