import { createConsoleReport, createJsonReport } from '../report/console.js';
import { printable } from '../report/format.js';
import type { EventReport } from '../report/report.js';
import { openRunLog } from '../report/run-log.js';
import type { TrainEvent } from '../train/events.js';
import type { StartOptions, TrainingRun } from '../train/run.js';
import { runPaths } from '../train/run-folder.js';
import type { Settings } from '../train/settings.js';
import { onInterrupt, type SignalSource } from './interrupt.js';
import { type CliIo, writeLines } from './io.js';

/** What the run is, and how it is shown. */
export interface TrainingOptions {
  readonly settings: Settings;
  readonly folder: string;
  readonly resume: boolean;
  readonly display: 'console' | 'quiet' | 'json';
}

/** What a test replaces. */
export interface TrainingHost {
  start(options: StartOptions): TrainingRun;
  readonly signals: SignalSource;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** Exit code of a run that was stopped: that of a process ended by SIGINT. */
export const STOPPED = 130;

/**
 * Runs a training to its end, shows it, and writes its log. The first SIGINT or SIGTERM asks for a clean stop, the next
 * one ends the process. `onStart` is called when data and graph are ready.
 */
export async function runTraining(
  { settings, folder, resume, display }: TrainingOptions,
  io: CliIo,
  host: TrainingHost,
  onStart: () => void = () => {},
): Promise<number> {
  const report = openReport(display, io);
  const log = openRunLog(runPaths(folder).log);
  let started = resume;
  const onEvent = (event: TrainEvent) => {
    if (event.type === 'start') {
      started = true;
      onStart();
    }
    log.onEvent(event);
    report.onEvent(event);
  };
  const run = host.start({ settings, folder, resume, onEvent });
  const release = onInterrupt(host.signals, {
    first: () => {
      report.note('stopping after this step, with a checkpoint (Ctrl+C again: at once, without)');
      run.stop();
    },
    again: () => {
      report.close();
      host.exit(STOPPED);
    },
  });
  const settle = () => {
    release();
    report.close();
  };
  const outcome = await run.done.finally(settle).catch(async (error: unknown) => {
    // The run's error is the one to tell, also where the log has one too: a full disk ends both.
    await log.close().catch(() => undefined);
    throw error;
  });
  await log.close();
  if (outcome === 'finished') return 0;
  const goOn = started ? `; to go on: agon train --resume ${quote(folder)}` : ' before the training began';
  writeLines(io.stderr, `stopped${goOn}`);
  return STOPPED;
}

function openReport(display: TrainingOptions['display'], { stdout, stderr, env }: CliIo): EventReport {
  if (display === 'json') return createJsonReport({ output: stdout, notes: stderr });
  return createConsoleReport({ output: stdout, quiet: display === 'quiet', env });
}

/** A path as it is typed in a shell: with `$'...'` where there is something in it that can't be shown. */
function quote(path: string): string {
  if (printable(path) !== path) return `$'${path.replace(/['\\]|\P{ASCII}|\p{Cc}/gu, escapeBytes)}'`;
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function escapeBytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
