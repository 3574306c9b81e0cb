import { existsSync } from 'node:fs';
import type { TrainEvent } from '../../events/events.js';
import { createConsoleReport, createJsonReport } from '../../report/console.js';
import { printable } from '../../report/format.js';
import { openRunLog } from '../../report/log/run-log.js';
import type { EventReport } from '../../report/report.js';
import type { StartOptions, TrainingRun } from '../../run/run.js';
import type { Place } from '../../serve/http/listen.js';
import { serveRun } from '../../serve/thread/serve-run.js';
import type { RequestedSettings } from '../../settings/settings.js';
import { runPaths } from '../../store/run-folder.js';
import { unlockRunAtOnce } from '../../store/run-lock.js';
import { type CliIo, writeLines } from '../io/io.js';
import { type FollowerOptions, Followers } from './followers.js';
import { Stopping, type StoppingHost } from './stopping.js';

/** What the run is, and how it is shown. */
export interface TrainingOptions extends FollowerOptions {
  readonly settings: RequestedSettings;
  readonly folder: string;
  readonly resume: boolean;
  readonly display: 'console' | 'quiet' | 'json';
  /** Where a page shows it while it trains, if anywhere. */
  readonly serve?: Place | undefined;
}

/** What a test replaces. */
export interface TrainingHost extends StoppingHost {
  start(options: StartOptions): TrainingRun;
}

/**
 * Runs a training to its end, shows it, and writes its log. The first signal (Ctrl+C, a closed terminal) asks for a clean stop, the
 * next one ends the process. An output or a log that can't be written any more stops the run as well, which is then an error.
 * `onStart` is called when data and graph are ready.
 */
export async function runTraining(
  { settings, folder, resume, display, serve, ...followed }: TrainingOptions,
  io: CliIo,
  host: TrainingHost,
  onStart: () => void = () => {},
): Promise<number> {
  const paths = runPaths(folder);
  const server = serve && (await serveRun(folder, serve));
  if (server) writeLines(display === 'console' ? io.stdout : io.stderr, `live      ${server.url}`);
  const report = openReport(display, io);
  const log = openRunLog(paths.log, {
    onFailure: (failure) => stopping.failAt(paths.log, failure),
    onGap: (message) => report.note(`warning: ${message}`),
  });
  const warn = (message: string) => {
    if (ended) writeLines(io.stderr, `warning: ${printable(message)}`);
    else report.note(`warning: ${message}`);
  };
  const followers = new Followers(folder, followed, io.env, warn);
  let ended = false;
  let started = resume;
  const onEvent = (event: TrainEvent) => {
    if (event.type === 'start') {
      started = true;
      onStart();
    }
    report.onEvent(event);
    server?.onEvent(event);
    return Promise.all([log.onEvent(event), followers.onEvent(event)]);
  };
  const subject = {
    stop: (how?: { atOnce?: boolean }) => run.stop(how),
    unlock: () => {
      report.close();
      unlockRunAtOnce(folder);
    },
    note: (message: string) => report.note(message),
  };
  const run: TrainingRun = host.start({ settings, folder, resume, onEvent });
  const stopping = new Stopping(subject, 'stopping after this step, with a checkpoint', host, io);
  const settle = () => {
    stopping.settle();
    report.close();
    ended = true;
  };
  const outcome = await run.done.finally(settle).catch(async (error: unknown) => {
    // The run's error is the one to tell, also where the log has one too: a full disk ends both.
    await log.close().catch(() => undefined);
    await followers.end({ error }).finally(() => server?.close());
    throw error;
  });
  const canGoOn = started && !(stopping.atOnce && !existsSync(paths.last));
  const early = started ? ' before the first checkpoint' : ' before the training began';
  const goOn = canGoOn ? `; to go on: agon train --resume ${quote(folder)}` : early;
  if (outcome === 'stopped') writeLines(io.stderr, `stopped${goOn}`);
  await log
    .close()
    .finally(() => followers.end(outcome))
    .finally(() => server?.close());
  if (outcome === 'finished' && existsSync(paths.report)) {
    const line = `report    ${printable(paths.report)}`;
    if (display === 'console') writeLines(io.stdout, line);
    else if (server) writeLines(io.stderr, line);
  }
  if (outcome === 'stopped') return stopping.status;
  stopping.check();
  return 0;
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
