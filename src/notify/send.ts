import { spawn } from 'node:child_process';
import type { Environment } from '../hub/environment.js';
import { postJson } from '../hub/post.js';
import { fail } from '../util/error.js';
import type { Notice } from './notice.js';

/** Milliseconds that a command or a server may take. */
const PATIENCE = { command: 30_000, webhook: 10_000 };

/** How many of the last characters that a failed command wrote on its standard error are told. */
const TOLD = 200;

export interface SendOptions {
  readonly env: Environment;
  /** Milliseconds after which it is given up. */
  readonly patience?: number;
}

/**
 * Tells somebody of a run's end: posts the notice as JSON to an address (http or https), or runs a command in the shell with the notice on
 * its standard input and AGON_EVENT and AGON_RUN in its environment. What doesn't work is an error, in which no secret of the address is.
 */
export async function sendNotice(target: string, notice: Notice, { env, patience }: SendOptions): Promise<void> {
  if (isAddress(target)) return postJson(target, notice, patience ?? PATIENCE.webhook);
  return runCommand(target, notice, { env, patience: patience ?? PATIENCE.command });
}

/** Whether it is the address of a webhook, and no command. */
export function isAddress(target: string): boolean {
  return /^https?:\/\//i.test(target);
}

async function runCommand(command: string, notice: Notice, { env, patience }: Required<SendOptions>): Promise<void> {
  const own = { AGON_EVENT: notice.event, AGON_RUN: notice.run };
  // A group of its own: what the command starts ends with it
  const child = spawn(command, {
    shell: true,
    detached: true,
    env: { ...env, ...own },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-TOLD);
  });
  // A command may end without reading
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${JSON.stringify(notice)}\n`);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    endGroup(child.pid);
  }, patience);
  const status = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  }).finally(() => {
    clearTimeout(timer);
    child.stderr.destroy();
  });
  if (late) fail(COMMAND, `was ended after ${patience / 1000} s`, { hint: 'Let it do its work in the background' });
  const last = said.trim().split('\n').at(-1);
  if (status !== 0) fail(COMMAND, `ended with ${status}${last ? `: ${last}` : ''}`);
}

const COMMAND = 'the command of --on-event';

/** Ends a command with what it has started; where there are no groups of processes, the command alone. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has just ended
  }
}
