import { Command } from 'commander';
import { type GivenFlag, givenFlags } from '../../src/cli/flags/merge-settings.js';
import { createOption, SETTING_FLAGS } from '../../src/cli/flags/setting-flags.js';
import type { CliIo } from '../../src/cli/io/io.js';
import { runCli } from '../../src/cli/program.js';
import { KeptOutput } from '../report/outputs.js';

/** Streams that keep what is written. */
export function keptIo(env: Record<string, string> = {}): CliIo & { stdout: KeptOutput; stderr: KeptOutput } {
  return { stdout: new KeptOutput(), stderr: new KeptOutput(), env, exitCode: 0 };
}

/** Runs a command line in this process. */
export async function agon(args: string, env: Record<string, string> = {}) {
  const io = keptIo(env);
  const exitCode = await runCli(args.split(' ').filter(Boolean), io);
  return { exitCode, stdout: io.stdout.text, stderr: io.stderr.text };
}

/** The flags for settings in a command line of `agon train`. */
export function parseFlags(args: string): GivenFlag[] {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  for (const flag of SETTING_FLAGS) command.addOption(createOption(flag));
  command.parse(args.split(' ').filter(Boolean), { from: 'user' });
  return givenFlags(command.opts(), (key) => command.getOptionValueSource(key) === 'cli');
}
