import { CommanderError } from 'commander';
import { colorsFor } from '../report/output.js';
import { AgonError, messageOf } from '../util/error.js';
import { printable } from '../util/printable.js';
import { shortageOf } from '../util/shortage.js';
import { type CliIo, writeLines } from './io/io.js';
import { UsageError } from './io/usage-error.js';
import { usageText } from './text/usage-text.js';

const FAILED = 1;
const MISUSED = 2;

/**
 * Tells the user what went wrong, in one line, and returns the exit code: 2 for a wrong call, 1 for all else.
 * AGON_DEBUG=1 adds the stack. An error that is not Agon's own is said to be a bug.
 */
export function reportError(error: unknown, { stderr, env }: CliIo): number {
  const { red } = colorsFor(stderr, env);
  if (error instanceof CommanderError) {
    // Its help and version are no errors, and help is there where a command is missing
    if (!HELP.test(error.code)) stderr.write(`${red('error:')} ${printable(usageText(error))}\n`);
    return error.exitCode === 0 ? 0 : MISUSED;
  }
  const shortage = shortageOf(error);
  const ours = shortage !== undefined || (error instanceof Error && error.name === 'AgonError');
  const text = shortage && !(error instanceof AgonError) ? `${shortage.what}. ${shortage.hint}` : messageOf(error);
  const message = printable(text.split('\n').join(' '));
  stderr.write(`${red('error:')} ${message}${ours || env.AGON_DEBUG ? '' : ` ${BUG}`}\n`);
  if (env.AGON_DEBUG && error instanceof Error) writeLines(stderr, ...stackOf(error).split('\n').map(printable));
  return error instanceof UsageError ? MISUSED : FAILED;
}

const HELP = /^commander\.(help|helpDisplayed|version)$/;

const BUG = '(this looks like a bug in Agon: AGON_DEBUG=1 shows where)';

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
