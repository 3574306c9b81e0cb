import type { Failure } from '../../compare/execute.js';
import type { PlannedRun } from '../../compare/experiment/experiment.js';
import type { TrainEvent } from '../../events/events.js';
import { printable } from '../../report/format.js';
import type { Output } from '../../report/output.js';
import type { CliIo } from '../io/io.js';
import { RunLine } from './run-line.js';
import { RunsProgress } from './runs-progress.js';

/** Says what begins and ends, and when all may be done; on a terminal also how far the running ones are. */
export class CompareProgress {
  readonly #progress: RunsProgress;
  readonly #active = new Map<string, RunLine>();
  readonly #told = new Set<string>();

  constructor(
    planned: number,
    done: number,
    private readonly io: CliIo,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {
    const lines = () =>
      [...this.#active].map(
        ([id, active]) =>
          () =>
            textOf(id, active),
      );
    this.#progress = new RunsProgress(planned, done, io, lines, now);
  }

  begin({ id }: PlannedRun, resumed: boolean): void {
    this.#active.set(id, new RunLine());
    this.say(this.io.stdout, ...(resumed ? [`goes on  ${id}`] : []));
  }

  onEvent({ id }: PlannedRun, event: TrainEvent): void {
    if (event.type === 'warning') this.#tellOnce('warning', id, event.message);
    if (event.type === 'note') this.#tellOnce('note', id, event.message);
    this.#active.get(id)?.onEvent(event, this.now());
  }

  /** The runs are on the same data: what one has said needn't be said by all. */
  #tellOnce(kind: 'note' | 'warning', id: string, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    const output = kind === 'warning' ? this.io.stderr : this.io.stdout;
    this.say(output, `${kind.padEnd(9)} ${id}: ${printable(message)}`);
  }

  fail({ run, error }: Failure): void {
    this.#active.delete(run.id);
    this.#progress.fail(run, error);
  }

  end(run: PlannedRun): void {
    this.#active.delete(run.id);
    this.#progress.end(run);
  }

  /** Writes lines that stay, above the live ones. */
  say(output: Output, ...lines: readonly string[]): void {
    this.#progress.say(output, ...lines);
  }

  /** Removes the live lines. */
  close(): void {
    this.#active.clear();
    this.#progress.close();
  }
}

function textOf(id: string, line: RunLine): string {
  return `  ${[id, line.text].filter(Boolean).join('  ')}`;
}
