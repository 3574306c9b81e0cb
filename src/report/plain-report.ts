import { scoreOf } from '../events/evaluation.js';
import type { EpochEvent, StartEvent, StepEvent, TrainEvent } from '../events/events.js';
import { finishedRows, stallOf } from './epoch-table.js';
import { formatDuration, formatLoss, formatPercent, formatRate, printable } from './format.js';
import { headerLines } from './header.js';
import { labelNetworks } from './labels.js';
import { describePhase } from './live-report.js';
import { type Colors, type Output, widthOf, writeText } from './output.js';
import { type NetworkProgress, RunProgress } from './progress.js';
import type { EventReport } from './report.js';
import { summaryLines } from './summary.js';

const SECONDS_BETWEEN_LINES = 10;

/** A run in a file or pipe: a line for each epoch, and in long epochs one every ten seconds. */
export class PlainReport implements EventReport {
  #run: { start: StartEvent; progress: RunProgress; labels: readonly string[] } | undefined;
  #written = Number.NEGATIVE_INFINITY;

  /** A quiet report has warnings and the result only. */
  constructor(
    private readonly output: Output,
    private readonly colors: Colors,
    private readonly now: () => number,
    private readonly quiet = false,
  ) {}

  onEvent(event: TrainEvent): void {
    switch (event.type) {
      case 'phase':
        if (event.detail !== undefined) this.#showDetail(describePhase(event));
        break;
      case 'start':
        this.#start(event);
        break;
      case 'step':
        this.#addStep(event);
        break;
      case 'epoch':
        this.#finishEpoch(event);
        break;
      case 'note':
        if (!this.quiet) this.#write([printable(event.message)]);
        break;
      case 'warning':
        this.note(`warning: ${event.message}`);
        break;
      case 'end':
        this.#write(summaryLines(event, this.#run?.start, widthOf(this.output), this.colors));
    }
  }

  note(message: string): void {
    this.#write([this.colors.yellow(printable(message))]);
  }

  close(): void {}

  /** At first, and every ten seconds. */
  #showDetail(text: string): void {
    const now = this.now();
    if (this.quiet || now - this.#written < SECONDS_BETWEEN_LINES) return;
    this.#written = now;
    this.#write([text]);
  }

  #start(start: StartEvent): void {
    this.#run = { start, progress: new RunProgress(start), labels: labelNetworks(start.networks) };
    this.#written = this.now();
    if (!this.quiet) this.#write(headerLines(start, widthOf(this.output), this.colors));
  }

  #addStep(event: StepEvent): void {
    if (!this.#run) return;
    const { progress, labels } = this.#run;
    const now = this.now();
    progress.addStep(event, now);
    if (this.quiet || now - this.#written < SECONDS_BETWEEN_LINES) return;
    this.#written = now;
    const speed = describeSpeed(progress.imagesPerSecond, progress.stall, progress.secondsLeft);
    const networks = progress.networks.map((network, i) => `${labels[i]} ${describe(network)}`);
    const place = `epoch ${progress.epoch + 1}/${progress.epochs}, step ${progress.step}/${progress.stepsPerEpoch}`;
    this.#write([`${place}: ${[speed, ...networks].join('; ')}`]);
  }

  #finishEpoch(event: EpochEvent): void {
    if (!this.#run) return;
    const { progress, labels } = this.#run;
    const rows = finishedRows(event, progress.networks);
    progress.addEpoch(event, this.now());
    if (this.quiet) return;
    this.#written = this.now();
    const networks = rows.map((row, i) => {
      const { validation: held } = row;
      const name = held?.map === undefined ? '' : 'mAP ';
      const average = held?.ema ? ' (EMA)' : '';
      const validation = held
        ? `, validation ${formatLoss(held.loss)} ${name}${formatPercent(scoreOf(held))}${average}`
        : '';
      return `${labels[i]} ${describe(row)}${validation}${row.best ? ' (best so far)' : ''}`;
    });
    const speed = describeSpeed(event.imagesPerSecond, stallOf(event), progress.secondsLeft);
    this.#write([`epoch ${event.epoch + 1}/${progress.epochs}: ${[speed, ...networks].join('; ')}`]);
  }

  #write(lines: readonly string[]): void {
    writeText(this.output, lines);
  }
}

function describeSpeed(imagesPerSecond: number, stall: number | undefined, secondsLeft: number): string {
  return `${formatRate(imagesPerSecond)} images/s, stall ${formatPercent(stall ?? Number.NaN, 0)}, ${formatDuration(secondsLeft)} left`;
}

function describe({ loss = Number.NaN, accuracy = Number.NaN, won = Number.NaN }: Partial<NetworkProgress>): string {
  return `loss ${formatLoss(loss)} ${formatPercent(accuracy)}, won ${formatPercent(won, 0)}`;
}
