import { existsSync } from 'node:fs';
import type { TrainEvent } from '../../events/events.js';
import type { NoticeWriter } from '../../notify/notice.js';
import { createMetricsTable, type MetricsTable } from '../../report/log/metrics-csv.js';
import type { Environment } from '../../report/output.js';
import { runPaths } from '../../store/run-folder.js';
import type { TensorBoardLog } from '../../tensorboard/tensorboard-log.js';
import { messageOf } from '../../util/error.js';

/** Who follows a run beside its report and its log. */
export interface FollowerOptions {
  /** Where TensorBoard's event files go; true: in the run's folder. A run that goes on keeps on writing those that are there. */
  readonly tensorboard?: string | true | undefined;
  /** The webhook or the command that is told of the run's end. */
  readonly onEvent?: string | undefined;
}

/** How a run has ended. */
export type RunEnd = 'finished' | 'stopped' | { readonly error: unknown };

type Warn = (message: string) => void;

interface Notifier {
  readonly writer: NoticeWriter;
  send(end: RunEnd): Promise<void>;
}

interface Opened {
  readonly tensorboard: TensorBoardLog | undefined;
  readonly notifier: Notifier | undefined;
}

/** All that follow one run. They never stop it: what they can't do is a warning. */
export class Followers {
  readonly #metrics: MetricsTable;
  readonly #opened: Promise<Opened>;
  #model: string | undefined;

  constructor(
    private readonly folder: string,
    options: FollowerOptions,
    env: Environment,
    private readonly warn: Warn,
  ) {
    this.#metrics = createMetricsTable(runPaths(folder).metrics, ({ message }) => warn(message));
    this.#opened = open(folder, options, env, warn);
  }

  /** What it returns settles when the event is written. */
  async onEvent(event: TrainEvent): Promise<void> {
    const { tensorboard, notifier } = await this.#opened;
    if (event.type === 'end') this.#model = event.model;
    tensorboard?.onEvent(event);
    notifier?.writer.onEvent(event);
    await this.#metrics.onEvent(event);
  }

  /** Adds what is there at the end, and tells of it. */
  async end(end: RunEnd): Promise<void> {
    const { tensorboard, notifier } = await this.#opened;
    await this.#metrics.close();
    if (tensorboard) await this.#finish(tensorboard).catch((error: unknown) => this.warn(messageOf(error)));
    if (notifier) await notifier.send(end).catch((error: unknown) => this.warn(messageOf(error)));
  }

  async #finish(tensorboard: TensorBoardLog): Promise<void> {
    try {
      if (this.#model === undefined) return;
      const { addResults } = await import('../../tensorboard/run-end.js');
      await addResults(tensorboard, this.folder, this.#model);
    } finally {
      tensorboard.close();
    }
  }
}

/** Loads what is asked for. */
async function open(folder: string, options: FollowerOptions, env: Environment, warn: Warn): Promise<Opened> {
  const { tensorboard, onEvent } = options;
  const inRun = runPaths(folder).tensorboard;
  const place = tensorboard === true || (tensorboard === undefined && existsSync(inRun)) ? inRun : tensorboard;
  return {
    tensorboard: place === undefined ? undefined : await openTensorBoard(place, warn),
    notifier: onEvent === undefined ? undefined : await openNotifier(folder, onEvent, env),
  };
}

async function openTensorBoard(place: string, warn: Warn): Promise<TensorBoardLog> {
  const { createTensorBoardLog } = await import('../../tensorboard/tensorboard-log.js');
  return createTensorBoardLog(place, { onFailure: ({ message }) => warn(message) });
}

async function openNotifier(folder: string, target: string, env: Environment): Promise<Notifier> {
  const [{ NoticeWriter: Writer }, { sendNotice }] = await Promise.all([
    import('../../notify/notice.js'),
    import('../../notify/send.js'),
  ]);
  const writer = new Writer(folder);
  return { writer, send: (end) => sendNotice(target, writer.write(end, new Date()), { env }) };
}
