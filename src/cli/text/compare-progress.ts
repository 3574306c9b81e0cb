import type { Failure } from '../../compare/execute.js';
import type { PlannedRun } from '../../compare/experiment/experiment.js';
import type { TrainEvent } from '../../events/events.js';
import { formatDuration, printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive, type Output, widthOf } from '../../report/output.js';
import { messageOf } from '../../util/error.js';
import { type CliIo, writeLines } from '../io/io.js';
import { RunLine } from './run-line.js';

/** Says what begins and ends, and when all may be done; on a terminal also how far the running ones are. */
export class CompareProgress {
  readonly #live: LiveLines | undefined;
  readonly #active = new Map<string, RunLine>();
  readonly #started: number;
  readonly #atStart: number;
  readonly #told = new Set<string>();
  #failed = 0;

  constructor(
    private readonly planned: number,
    private done: number,
    private readonly io: CliIo,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {
    this.#live = isLive(io.stdout, io.env) ? new LiveLines(io.stdout) : undefined;
    this.#started = now();
    this.#atStart = done;
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

  fail({ run: { id }, error }: Failure): void {
    this.#failed++;
    this.#active.delete(id);
    this.say(this.io.stderr, `failed    ${id}: ${printable(messageOf(error))}`);
  }

  end({ id }: PlannedRun): void {
    this.done++;
    this.#active.delete(id);
    const open = this.planned - this.done - this.#failed;
    const left = (open * (this.now() - this.#started)) / (this.done - this.#atStart);
    const eta = open > 0 ? `, about ${formatDuration(left)} to go` : '';
    this.say(this.io.stdout, `[${this.done}/${this.planned}]  ${id}${eta}`);
  }

  /** Writes lines that stay, above the live ones. */
  say(output: Output, ...lines: readonly string[]): void {
    this.#live?.clear();
    if (lines.length > 0) writeLines(output, ...lines);
    this.#live?.show(
      [...this.#active].map(
        ([id, active]) =>
          () =>
            this.#line(id, active),
      ),
    );
  }

  /** Removes the live lines. */
  close(): void {
    this.#active.clear();
    this.#live?.clear();
  }

  #line(id: string, line: RunLine): string {
    return `  ${[id, line.text].filter(Boolean).join('  ')}`.slice(0, widthOf(this.io.stdout));
  }
}
