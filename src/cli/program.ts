import { Command } from 'commander';
import { colorsFor } from '../report/output.js';
import { printableLines } from '../util/printable.js';
import { AGON_VERSION } from '../util/version.js';
import { COMMANDS } from './commands.js';
import type { CliIo } from './io/io.js';
import { reportError } from './report-error.js';

/** Runs a command line (without `node` and the script) and returns the exit code. Errors are told on stderr. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  try {
    const program = await createProgram(args, io);
    await program.parseAsync(args, { from: 'user' });
    return io.exitCode;
  } catch (error) {
    return reportError(error, io);
  }
}

/** The program with all commands; only the one that the arguments call is loaded and has its options. */
export async function createProgram(args: readonly string[], io: CliIo): Promise<Command> {
  const program = new Command('agon')
    .description('Trains image classifiers in competition: the best of the moment teaches the others.')
    .version(AGON_VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showSuggestionAfterError(true)
    .addHelpText('after', '\n`agon <command> --help` tells more about a command.')
    .exitOverride();
  configureOutput(program, io);
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).helpOption('-h, --help', 'show this help');
    // A command comes first, or second after `help`; completion has to know all.
    if (args.slice(0, 2).includes(name) || args[0] === 'completion') (await load()).define(command, io);
  }
  return program;
}

function configureOutput(program: Command, { stdout, stderr, env }: CliIo): void {
  const { bold } = colorsFor(stdout, env);
  program.configureHelp({ styleTitle: bold });
  program.configureOutput({
    writeOut: (text) => stdout.write(printableLines(text)),
    writeErr: (text) => stderr.write(printableLines(text)),
    // `reportError` tells all errors
    outputError: () => undefined,
    getOutHelpWidth: () => Math.min(stdout.columns ?? 100, 100),
    getErrHelpWidth: () => Math.min(stderr.columns ?? 100, 100),
  });
}
