import { scoreOf } from '../events/evaluation.js';
import type { EpochEvent, StartEvent } from '../events/events.js';
import { formatLoss, formatPercent, shorten } from './format.js';
import { labelNetworks } from './labels.js';
import type { Colors } from './output.js';
import type { NetworkProgress } from './progress.js';
import { bar } from './progress-line.js';
import { rangeOf, sparkline } from './sparkline.js';

const INDENT = 2;
const WON_BAR = 8;
const LONGEST_SPARK = 24;
const SHORTEST_SPARK = 4;
const LONGEST_LABEL = 24;
/** Of a measure beside its curve: gap, title, gap; gap, number. */
const TITLE_WIDTH = 6;
const NUMBER_WIDTH = 8;

/** A line for each network: a bar of the steps that it won in this epoch, and the curves of its validation. */
export class NetworkLines {
  readonly #labels: readonly string[];
  readonly #width: number;
  readonly #score: string;
  /** By network, then epoch; of the epochs before this process too, where they are known. */
  readonly #scores: number[][];
  readonly #losses: number[][];

  constructor(
    { networks, settings, finishedEpochs = [] }: Pick<StartEvent, 'networks' | 'settings' | 'finishedEpochs'>,
    private readonly colors: Colors,
  ) {
    this.#labels = labelNetworks(networks).map((label) => shorten(label, LONGEST_LABEL));
    this.#width = Math.max(...this.#labels.map((label) => label.length));
    this.#score = settings.task === 'multi-label' ? 'mAP ' : 'acc.';
    this.#scores = networks.map(() => []);
    this.#losses = networks.map(() => []);
    for (const epoch of finishedEpochs) this.add(epoch);
  }

  /** How many lines there are: none while there is nothing to say. */
  get length(): number {
    return this.#labels.length > 1 || this.#validated ? this.#labels.length : 0;
  }

  /** Adds an epoch that is over. */
  add({ networks }: Pick<EpochEvent, 'networks'>): void {
    for (const [i, { validation }] of networks.entries()) {
      if (!validation) continue;
      this.#scores[i]?.push(scoreOf(validation));
      this.#losses[i]?.push(validation.loss);
    }
  }

  /** The line of a network, no wider than `columns`. */
  line(i: number, { won }: Partial<NetworkProgress>, columns: number): string {
    const { dim, cyan } = this.colors;
    const label = `${' '.repeat(INDENT)}${(this.#labels[i] ?? '').padEnd(this.#width)}`;
    const isAlone = this.#labels.length === 1;
    const wins = isAlone
      ? ''
      : `  ${bar(won ?? 0, WON_BAR, this.colors)} ${formatPercent(won ?? Number.NaN, 0).padStart(5)} won`;
    const used = INDENT + this.#width + (isAlone ? 0 : 2 + WON_BAR + 1 + 5 + 4);
    const curves = this.#curves(i, columns - used).map(
      ({ title, curve, number }) => `  ${dim(title)} ${cyan(curve)} ${number}`,
    );
    return used > columns ? '' : label + wins + curves.join('');
  }

  get #validated(): boolean {
    return this.#scores.some((scores) => scores.length > 0);
  }

  /** As many curves as there is room for: all networks on one scale. */
  #curves(i: number, room: number) {
    const all = [
      { title: this.#score, of: this.#scores, format: (value: number) => formatPercent(value) },
      { title: 'loss', of: this.#losses, format: formatLoss },
    ].filter(() => this.#validated);
    const fixed = 1 + TITLE_WIDTH + NUMBER_WIDTH;
    const shown = [all, all.slice(0, 1)].find(({ length }) => length * (fixed + SHORTEST_SPARK) <= room) ?? [];
    const width = Math.min(LONGEST_SPARK, Math.floor(room / shown.length) - fixed);
    return shown.map(({ title, of, format }) => {
      const values = of[i] ?? [];
      const curve = sparkline(values, width, rangeOf(of.flat()));
      return {
        title,
        curve: curve.padEnd(Math.min(width, values.length)),
        number: format(values.at(-1) ?? Number.NaN),
      };
    });
  }
}
