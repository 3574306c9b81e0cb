import type { EpochEvent, Position, StartEvent } from '../../events/events.js';
import { jsonIn } from '../../util/files/read-json.js';
import { printableJson } from '../../util/printable.js';

/** What of a log's lines counts here. */
interface LoggedEvent {
  readonly type?: unknown;
  readonly epoch?: unknown;
  readonly step?: unknown;
  readonly phase?: unknown;
}

/**
 * What stays of a log when its run goes on from an earlier position, line by line, without line ends: the lines before the first
 * step or epoch that will come again, without the last stop or end, and without a line that a crash cut short. What the
 * checkpoint knows and the log lacks is put where it belongs: epochs, and the run's start.
 *
 * Returns how many of the steps before the position are missing.
 */
export async function* trimLog(
  lines: AsyncIterable<string> | Iterable<string>,
  { finishedEpochs = [], ...start }: StartEvent,
): AsyncGenerator<string, number> {
  const { stepsPerEpoch, resumedAt = { epoch: 0, step: 0 } } = start;
  const kept = new Kept(printableJson(start), finishedEpochs);
  for await (const line of lines) {
    const event = parseEvent(line);
    if (!event) continue;
    if (comesAgain(event, resumedAt)) break;
    yield* kept.add(line, event);
  }
  yield* kept.end();
  return resumedAt.epoch * stepsPerEpoch + resumedAt.step - kept.steps;
}

/** The lines that stay, in order. Phases are held back until something follows them: what they began comes again. */
class Kept {
  steps = 0;
  #held: { readonly line: string; readonly phase: unknown }[] = [];
  #started = false;
  readonly #missing: Map<number, string>;

  constructor(
    private readonly start: string,
    finishedEpochs: readonly EpochEvent[],
  ) {
    this.#missing = new Map(finishedEpochs.map((event) => [event.epoch, printableJson(event)]));
  }

  *add(line: string, { type, epoch, phase }: LoggedEvent): Generator<string> {
    const isOfEpoch = (type === 'step' || type === 'epoch') && typeof epoch === 'number';
    if (isOfEpoch) yield* this.#begin(epoch);
    if (type === 'start') this.#started = true;
    if (type === 'step') this.steps++;
    if (type === 'epoch' && typeof epoch === 'number') this.#missing.delete(epoch);
    this.#held.push({ line, phase });
    if (type !== 'phase' && this.#started) yield* this.#flush();
  }

  *end(): Generator<string> {
    if (!this.#started && this.steps === 0) this.#held = [];
    yield* this.#startIfMissing();
    if (this.#missing.size === 0) return;
    // Of what began behind the last step, only the validation belongs to an epoch.
    this.#held = this.#held.filter(({ phase }) => phase === 'validation');
    yield* this.#flush();
    yield* this.#missing.values();
  }

  /** What comes before the first line of an epoch. */
  *#begin(epoch: number): Generator<string> {
    yield* this.#startIfMissing();
    const before = [...this.#missing].filter(([each]) => each < epoch);
    if (before.length > 0) yield* this.#flush();
    for (const [each, line] of before) {
      this.#missing.delete(each);
      yield line;
    }
  }

  *#startIfMissing(): Generator<string> {
    if (!this.#started) yield this.start;
    this.#started = true;
  }

  *#flush(): Generator<string> {
    yield* this.#held.map(({ line }) => line);
    this.#held = [];
  }
}

function comesAgain({ type, epoch, step }: LoggedEvent, resumedAt: Position): boolean {
  if (type === 'stop' || type === 'end') return true;
  if (typeof epoch !== 'number') return false;
  if (type === 'epoch') return epoch >= resumedAt.epoch;
  if (type !== 'step' || typeof step !== 'number') return false;
  return epoch > resumedAt.epoch || (epoch === resumedAt.epoch && step >= resumedAt.step);
}

function parseEvent(line: string): LoggedEvent | undefined {
  const value = jsonIn(line);
  return typeof value === 'object' && value !== null ? value : undefined;
}
