import type { PlannedRun } from '../../compare/experiment/experiment.js';
import type { WorkerState } from '../../queue/server/messages.js';
import { formatDuration, printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive, type Output, widthOf } from '../../report/output.js';
import { messageOf } from '../../util/error.js';
import { type CliIo, writeLines } from '../io/io.js';
import { workerLines } from './worker-lines.js';

/** Says which results have come, and when all may be there; on a terminal also what all machines do. */
export class QueueProgress {
  readonly #live: LiveLines | undefined;
  readonly #started: number;
  readonly #atStart: number;
  #lines: readonly string[] = [];
  #failed = 0;

  constructor(
    private readonly comparison: string,
    private readonly planned: number,
    private done: number,
    private readonly io: CliIo,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {
    this.#live = isLive(io.stdout, io.env) ? new LiveLines(io.stdout) : undefined;
    this.#started = now();
    this.#atStart = done;
  }

  onLook(workers: readonly WorkerState[]): void {
    const lines = workerLines(workers, this.comparison);
    const isSame = lines.length === this.#lines.length;
    this.#lines = lines;
    if (!isSame) this.#show();
  }

  onCollected({ id }: PlannedRun): void {
    this.done++;
    const open = this.planned - this.done - this.#failed;
    const left = (open * (this.now() - this.#started)) / (this.done - this.#atStart);
    const eta = open > 0 ? `, about ${formatDuration(left)} to go` : '';
    this.say(this.io.stdout, `[${this.done}/${this.planned}]  ${id}${eta}`);
  }

  onFailed({ id }: PlannedRun, error: unknown): void {
    this.#failed++;
    this.say(this.io.stderr, `failed    ${id}: ${printable(messageOf(error))}`);
  }

  /** Writes lines that stay, above the live ones. */
  say(output: Output, ...lines: readonly string[]): void {
    this.#live?.clear();
    writeLines(output, ...lines);
    this.#show();
  }

  close(): void {
    this.#lines = [];
    this.#live?.clear();
  }

  #show(): void {
    const width = widthOf(this.io.stdout);
    this.#live?.show(this.#lines.map((_, i) => () => (this.#lines[i] ?? '').slice(0, width)));
  }
}
