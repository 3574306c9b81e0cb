import { type Evaluation, scoreOf } from '../events/evaluation.js';
import type { EpochEvent, NetworkEpoch, StartEvent } from '../events/events.js';
import { formatLoss, formatPercent, shorten } from './format.js';
import { labelNetworks } from './labels.js';
import type { Colors } from './output.js';
import type { NetworkProgress } from './progress.js';

/** One row: a network in an epoch. What is not known yet is left out. */
export interface EpochRow extends Partial<NetworkProgress> {
  readonly validation?: Pick<Evaluation, 'loss' | 'accuracy' | 'map' | 'ema'> | undefined;
  readonly best?: boolean;
}

/** Which epoch rows belong to, from 0, and the share of its steps' time that they waited for batches, where it is known. */
export interface EpochHead {
  readonly epoch: number;
  readonly stall: number | undefined;
}

/** Everything but the network's column: the other columns, the gaps, the star. */
const FIXED_WIDTH = 69;
const LONGEST_LABEL = 24;

/** The table that grows by a row for each network and epoch; rows of the running epoch have the same columns. */
export class EpochTable {
  readonly #labels: readonly string[];
  readonly #width: number;
  readonly #taught: boolean;
  readonly #validated: boolean;
  readonly #score: string;

  constructor(
    { networks, settings, data }: Pick<StartEvent, 'networks' | 'settings' | 'data'>,
    columns: number,
    private readonly colors: Colors,
  ) {
    const labels = labelNetworks(networks);
    const room = Math.max(8, Math.min(LONGEST_LABEL, columns - FIXED_WIDTH));
    this.#labels = labels.map((label) => shorten(label, room));
    this.#width = Math.max('network'.length, ...this.#labels.map((label) => label.length));
    this.#taught = settings.rule !== 'none';
    this.#score = settings.task === 'multi-label' ? 'mAP' : 'acc.';
    this.#validated = data.splits.some(({ name }) => name === 'validation');
  }

  /** The column headings. */
  head(): string {
    const cells = this.#join('epoch', 'stall', 'network', ['loss', 'acc.', 'val. loss', this.#score, 'won', 'taught']);
    return this.colors.dim(cells.trimEnd());
  }

  /** A row for each network; the first carries what is said of the epoch. */
  rows({ epoch, stall }: EpochHead, rows: readonly EpochRow[]): string[] {
    return rows.map((row, i) => {
      const label = this.#labels[i] ?? '';
      const [number, waited] = i === 0 ? [String(epoch + 1), share(stall)] : ['', ''];
      const text = this.#join(number, waited, label, cellsOf(row));
      return this.#paint(row, text);
    });
  }

  #join(epoch: string, stall: string, label: string, cells: readonly string[]): string {
    const [loss, accuracy, valLoss, valAccuracy, won, taught] = cells;
    const columns = [
      epoch.padStart(5),
      stall.padStart(5),
      label.padEnd(this.#width),
      (loss ?? '').padStart(7),
      (accuracy ?? '').padStart(7),
      ...(this.#validated ? [(valLoss ?? '').padStart(9), (valAccuracy ?? '').padStart(7)] : []),
      (won ?? '').padStart(5),
    ];
    return [...columns, ...(this.#taught ? [(taught ?? '').padStart(6)] : [])].join('  ');
  }

  #paint({ loss, validation, best = false }: EpochRow, text: string): string {
    if ([loss, validation?.loss].some(isDiverged)) return this.colors.red(text.trimEnd());
    return best ? `${this.colors.bold(text)} ${this.colors.yellow('★')}` : text.trimEnd();
  }
}

const cell = (value: number | undefined, format: (n: number) => string) => (value === undefined ? '' : format(value));
const share = (value: number | undefined) => cell(value, (n) => formatPercent(n, 0));

function cellsOf({ loss, accuracy, validation, won, taught }: EpochRow): string[] {
  const training = [cell(loss, formatLoss), cell(accuracy, formatPercent)];
  return [
    ...training,
    cell(validation?.loss, formatLoss),
    cell(validation && scoreOf(validation), formatPercent),
    share(won),
    share(taught),
  ];
}

function isDiverged(loss: number | undefined): boolean {
  return loss !== undefined && !Number.isFinite(loss);
}

/** The share of an epoch's time that its steps waited for batches. */
export function stallOf({ seconds, waited }: Pick<EpochEvent, 'seconds' | 'waited'>): number {
  return waited / seconds;
}

/** The rows of an epoch that is over; `progress` adds how often each has taught. The star is for a new best. */
export function finishedRows(
  { networks, best }: EpochEvent,
  progress: readonly Partial<NetworkProgress>[],
): EpochRow[] {
  const winner = best ? bestOf(networks) : -1;
  return networks.map(({ loss, accuracy, won, validation }, i) => {
    return { loss, accuracy, won, validation, taught: progress[i]?.taught ?? Number.NaN, best: i === winner };
  });
}

/** Index of the network that validated best: by accuracy (or mean average precision), then by loss. */
function bestOf(networks: readonly NetworkEpoch[]): number {
  const order = networks.flatMap(({ validation }, i) => (validation ? [{ i, ...validation }] : []));
  order.sort((a, b) => scoreOf(b) - scoreOf(a) || a.loss - b.loss);
  return order[0]?.i ?? -1;
}
