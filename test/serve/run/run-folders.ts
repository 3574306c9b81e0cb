import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TrainEvent } from '../../../src/events/events.js';
import { runPaths } from '../../../src/store/run-folder.js';
import { ownIdentity } from '../../../src/util/files/process-identity.js';
import { startEvent } from '../../report/events.js';

/** A new folder, which goes with the test. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-serve-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const linesOf = (events: readonly TrainEvent[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** Puts a run into a folder: its settings, and a log with these events. */
export async function writeRun(folder: string, events: readonly TrainEvent[], training = false): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { config, log } = runPaths(folder);
  await writeFile(config, JSON.stringify(startEvent().settings));
  await writeFile(log, linesOf(events));
  if (training) await writeLock(folder);
}

/** The lock of a run that this process trains. */
export async function writeLock(folder: string): Promise<void> {
  await writeFile(join(folder, 'run.lock'), JSON.stringify({ token: 't', ...ownIdentity(), since: Date.now() }));
}

/** Writes events to a run's log. */
export function tellMore(folder: string, ...events: readonly TrainEvent[]): Promise<void> {
  return appendFile(runPaths(folder).log, linesOf(events));
}
