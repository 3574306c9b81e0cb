import type { PlannedRun } from '../../compare/experiment/experiment.js';
import { formatDuration, printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive, type Output, widthOf } from '../../report/output.js';
import { messageOf } from '../../util/error.js';
import { type CliIo, writeLines } from '../io/io.js';

/** A line as it is at this moment. */
type Line = () => string;

/** Counts the runs of a comparison, says when all may be done, and keeps what is said above the live lines of a terminal. */
export class RunsProgress {
  readonly #live: LiveLines | undefined;
  readonly #started: number;
  readonly #atStart: number;
  #failed = 0;

  /**
   * @param done - Runs that are finished already.
   * @param lines - The live lines, asked for whenever they are drawn anew.
   */
  constructor(
    private readonly planned: number,
    private done: number,
    private readonly io: CliIo,
    private readonly lines: () => readonly Line[],
    private readonly now: () => number,
  ) {
    this.#live = isLive(io.stdout, io.env) ? new LiveLines(io.stdout) : undefined;
    this.#started = now();
    this.#atStart = done;
  }

  end({ id }: PlannedRun): void {
    this.done++;
    const open = this.planned - this.done - this.#failed;
    const left = (open * (this.now() - this.#started)) / (this.done - this.#atStart);
    const eta = open > 0 ? `, about ${formatDuration(left)} to go` : '';
    this.say(this.io.stdout, `[${this.done}/${this.planned}]  ${id}${eta}`);
  }

  fail({ id }: PlannedRun, error: unknown): void {
    this.#failed++;
    this.say(this.io.stderr, `failed    ${id}: ${printable(messageOf(error))}`);
  }

  /** Writes lines that stay, above the live ones. */
  say(output: Output, ...lines: readonly string[]): void {
    this.#live?.clear();
    if (lines.length > 0) writeLines(output, ...lines);
    this.show();
  }

  /** Draws the live lines anew. */
  show(): void {
    const width = () => widthOf(this.io.stdout);
    this.#live?.show(this.lines().map((line) => () => line().slice(0, width())));
  }

  /** Removes the live lines. */
  close(): void {
    this.#live?.clear();
  }
}
