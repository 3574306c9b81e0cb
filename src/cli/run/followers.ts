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

/** Followers never stop a run: what they can't do is a warning. */
export class Followers {
  #model: string | undefined;

  private constructor(
    private readonly folder: string,
    private readonly warn: (message: string) => void,
    private readonly metrics: MetricsTable,
    private readonly tensorboard: TensorBoardLog | undefined,
    private readonly notice: { readonly writer: NoticeWriter; readonly send: Send } | undefined,
  ) {}

  static async open(
    folder: string,
    { tensorboard, onEvent }: FollowerOptions,
    env: Environment,
    warn: (message: string) => void,
  ): Promise<Followers> {
    const paths = runPaths(folder);
    const onFailure = (failure: Error) => warn(failure.message);
    const named = tensorboard ?? (existsSync(paths.tensorboard) ? true : undefined);
    const place = named === true ? paths.tensorboard : named;
    const { createTensorBoardLog } = await import('../../tensorboard/tensorboard-log.js');
    return new Followers(
      folder,
      warn,
      createMetricsTable(paths.metrics, onFailure),
      place === undefined ? undefined : createTensorBoardLog(place, { onFailure }),
      onEvent === undefined ? undefined : await openNotice(folder, onEvent, env),
    );
  }

  /** What it returns settles when the event is written. */
  onEvent(event: TrainEvent): Promise<void> {
    if (event.type === 'end') this.#model = event.model;
    this.tensorboard?.onEvent(event);
    this.notice?.writer.onEvent(event);
    return this.metrics.onEvent(event);
  }

  /** Adds what is there at the end, and tells of it. */
  async end(end: RunEnd): Promise<void> {
    try {
      if (this.tensorboard && this.#model !== undefined) {
        const { addResults } = await import('../../tensorboard/run-end.js');
        await addResults(this.tensorboard, this.folder, this.#model);
      }
    } catch (error) {
      this.warn(messageOf(error));
    }
    this.tensorboard?.close();
    const { notice } = this;
    if (notice) await notice.send(notice.writer, end).catch((error: unknown) => this.warn(messageOf(error)));
  }
}

type Send = (writer: NoticeWriter, end: RunEnd) => Promise<void>;

async function openNotice(folder: string, target: string, env: Environment) {
  const [{ NoticeWriter: Writer }, { sendNotice }] = await Promise.all([
    import('../../notify/notice.js'),
    import('../../notify/send.js'),
  ]);
  const send: Send = (writer, end) => sendNotice(target, writer.write(end, new Date()), { env });
  return { writer: new Writer(folder), send };
}
