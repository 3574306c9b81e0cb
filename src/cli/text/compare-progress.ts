import type { Failure } from '../../compare/execute.js';
import type { PlannedRun } from '../../compare/experiment/experiment.js';
import type { TrainEvent } from '../../events/events.js';
import { formatCount, formatDuration, formatRate, printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { describePhase } from '../../report/live-report.js';
import { isLive, type Output, widthOf } from '../../report/output.js';
import { RunProgress } from '../../report/progress.js';
import { messageOf } from '../../util/error.js';
import { type CliIo, writeLines } from '../io/io.js';

/** A run under way. */
interface Active {
  progress?: RunProgress;
  /** What it does while no step runs. */
  doing?: string | undefined;
}

/** Says what begins and ends, and when all may be done; on a terminal also how far the running ones are. */
export class CompareProgress {
  readonly #live: LiveLines | undefined;
  readonly #active = new Map<string, Active>();
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
    this.#active.set(id, {});
    this.say(this.io.stdout, ...(resumed ? [`goes on  ${id}`] : []));
  }

  onEvent({ id }: PlannedRun, event: TrainEvent): void {
    const active = this.#active.get(id) ?? {};
    if (event.type === 'warning') this.#tellOnce('warning', id, event.message);
    if (event.type === 'note') this.#tellOnce('note', id, event.message);
    active.doing = event.type === 'phase' ? describePhase(event) : event.type === 'step' ? undefined : active.doing;
    if (event.type === 'start') active.progress = new RunProgress(event);
    if (event.type === 'step') active.progress?.addStep(event, this.now());
    if (event.type === 'epoch') active.progress?.addEpoch(event, this.now());
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

  #line(id: string, { progress, doing }: Active): string {
    const parts = [id, ...(progress ? placeOf(progress) : []), ...(doing ? [`${doing} ...`] : [])];
    return `  ${parts.join('  ')}`.slice(0, widthOf(this.io.stdout));
  }
}

/** `epoch 2/10  64/112  1,234 images/s  2:31 left` */
function placeOf(progress: RunProgress): string[] {
  const { epoch, epochs, step, stepsPerEpoch, imagesPerSecond, secondsLeft } = progress;
  if (epoch >= epochs) return [];
  return [
    `epoch ${epoch + 1}/${epochs}`,
    `${formatCount(step)}/${formatCount(stepsPerEpoch)}`,
    `${formatRate(imagesPerSecond)} images/s`,
    `${formatDuration(secondsLeft)} left`,
  ];
}
