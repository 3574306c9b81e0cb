import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const TSX = pathOf('node_modules/tsx/dist/esm/index.mjs');
const MAIN = pathOf('src/cli/main.ts');

/** A command in a process of its own, which ends with the test at the latest. */
export interface AgonProcess {
  /** What it has written so far, to both outputs. */
  readonly text: string;
  /** Settles when it has written something like this; rejects where it ends before. */
  wrote(text: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | string | null>;
}

/** Starts a command. */
export function startAgon(args: readonly string[], env: NodeJS.ProcessEnv = {}): AgonProcess {
  const child: ChildProcess = spawn(process.execPath, ['--import', TSX, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (text += part));
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return {
    get text() {
      return text;
    },
    wrote: async (wanted) => {
      for (;;) {
        const found = wanted.exec(text);
        if (found) return found;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it ended without ${wanted}: ${text}`);
        await setTimeout(20);
      }
    },
    signal: (signal) => void child.kill(signal),
    ended: async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.signalCode ?? child.exitCode;
    },
  };
}
