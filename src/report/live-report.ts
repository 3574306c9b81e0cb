import type { EpochEvent, PhaseEvent, StartEvent, TrainEvent } from '../events/events.js';
import { EpochTable, finishedRows, stallOf } from './epoch-table.js';
import { printable } from './format.js';
import { headerLines } from './header.js';
import { LiveLines } from './live-lines.js';
import { NetworkLines } from './network-lines.js';
import { type Colors, type Output, widthOf, writeText } from './output.js';
import { RunProgress } from './progress.js';
import { progressLine } from './progress-line.js';
import type { EventReport } from './report.js';
import { summaryLines } from './summary.js';

/** Of a terminal that doesn't say. */
const USUAL_ROWS = 24;

/** What is done while no step runs, in words. */
export const PHASES: Readonly<Record<PhaseEvent['phase'], string>> = {
  weights: 'fetching weights',
  data: 'reading the data set',
  graph: 'building the training step',
  device: 'trying devices',
  features: 'computing the features of the frozen backbone',
  tune: 'timing the forms of its computations, once',
  validation: 'validating',
  test: 'testing the best and the last epoch',
  assessment: 'looking at the answers of the best epoch',
  export: 'exporting the winner',
};

/** `fetching weights: model.safetensors, 12.3 MB of 46.8 MB`, `computing the features of the frozen backbone, 64 of 398 images` */
export function describePhase({ phase, detail, done, of }: PhaseEvent): string {
  const counted = done !== undefined && of !== undefined ? `, ${done} of ${of} images` : '';
  return PHASES[phase] + (detail === undefined ? counted : `: ${printable(detail)}`);
}

/** A run on a terminal: finished epochs stay as rows of a table, the running one changes in place below them. */
export class LiveReport implements EventReport {
  readonly #live: LiveLines;
  #run: { start: StartEvent; progress: RunProgress; table: EpochTable; lines: NetworkLines } | undefined;
  #doing: string | undefined;

  constructor(
    private readonly output: Output,
    private readonly colors: Colors,
    private readonly now: () => number,
  ) {
    this.#live = new LiveLines(output);
  }

  onEvent(event: TrainEvent): void {
    switch (event.type) {
      case 'phase':
        this.#showPhase(event);
        break;
      case 'start':
        this.#start(event);
        break;
      case 'step':
        this.#doing = undefined;
        this.#run?.progress.addStep(event, this.now());
        break;
      case 'epoch':
        this.#finishEpoch(event);
        break;
      case 'note':
        this.#live.print(printable(event.message));
        break;
      case 'warning':
        this.note(`warning: ${event.message}`);
        break;
      case 'stop':
        this.#keepEpoch();
        break;
      case 'end':
        this.#live.clear();
        this.#write(['', ...summaryLines(event, this.#run?.start, widthOf(this.output), this.colors)]);
    }
  }

  note(message: string): void {
    this.#live.print(this.colors.yellow(printable(message)));
  }

  close(): void {
    this.#live.clear();
  }

  #start(start: StartEvent): void {
    this.#live.clear();
    const columns = widthOf(this.output);
    const table = new EpochTable(start, columns, this.colors);
    this.#run = { start, progress: new RunProgress(start), table, lines: new NetworkLines(start, this.colors) };
    this.#doing = undefined;
    this.#write([...headerLines(start, columns, this.colors), '', table.head()]);
    this.#showEpoch();
  }

  #showPhase(event: PhaseEvent): void {
    this.#doing = describePhase(event);
    const { progress } = this.#run ?? {};
    // Between the steps and the row of an epoch its lines stay; before the first and after the last there are none.
    if (progress && event.phase === 'validation') this.#live.refresh();
    else this.#live.show([() => this.colors.dim(`${this.#doing ?? ''} ...`)]);
  }

  #showEpoch(): void {
    const run = this.#run;
    if (!run || run.progress.epoch >= run.progress.epochs) return;
    const { progress, table, lines } = run;
    const columns = () => widthOf(this.output);
    const rows = progress.networks.map((_, i) => () => table.rows(progress, progress.networks)[i] ?? '');
    const more = Array.from({ length: lines.length }, (_, i) => () => {
      return lines.line(i, progress.networks[i] ?? {}, columns());
    });
    // What doesn't fit the terminal's height can't be redrawn in place
    const fits = rows.length + more.length + 1 < (this.output.rows ?? USUAL_ROWS);
    this.#live.show([
      ...rows,
      ...(fits ? more : []),
      () => progressLine(progress, columns(), this.colors, this.#doing),
    ]);
  }

  #finishEpoch(event: EpochEvent): void {
    const run = this.#run;
    if (!run) return;
    this.#live.clear();
    const rows = finishedRows(event, run.progress.networks);
    this.#write(run.table.rows({ epoch: event.epoch, stall: stallOf(event) }, rows));
    run.progress.addEpoch(event, this.now());
    run.lines.add(event);
    this.#showEpoch();
  }

  /** What an epoch that was broken off had come to stays. */
  #keepEpoch(): void {
    this.#live.clear();
    const { progress, table } = this.#run ?? {};
    if (progress && progress.step > 0) this.#write(table?.rows(progress, progress.networks) ?? []);
  }

  #write(lines: readonly string[]): void {
    writeText(this.output, lines);
  }
}
