import type { FilePrediction } from '../../evaluate/image-classifier.js';
import { formatPercent, printable, shorten } from '../../report/format.js';
import type { Colors } from '../../report/output.js';
import { at } from '../../util/checked.js';

/** Where a table of predictions is shown. */
export interface PredictionTableOptions {
  readonly classes: readonly string[];
  readonly colors: Colors;
  /** Columns of the terminal that it is for, which has bars; undefined where it is for a file or a pipe. */
  readonly width?: number | undefined;
}

type Predicted = Extract<FilePrediction, { predictions: unknown }>;

const GAP = '  ';
const PROBABILITY = 'probability'.length;
const BAR = 20;
const LEAST_FILE = 16;
const MOST_CLASS = 40;

/** A table of predictions that grows: a line for each class that is named, most for files whose names are no longer than those before. */
export class PredictionTable {
  readonly #colors: Colors;
  readonly #bar: number;
  readonly #class: number;
  readonly #mostFile: number;
  #file = 'file'.length;
  #isBegun = false;

  constructor({ classes, colors, width }: PredictionTableOptions) {
    this.#colors = colors;
    const longest = classes.reduce((most, label) => Math.max(most, widthOf(label)), 'class'.length);
    const rest = width === undefined ? Number.POSITIVE_INFINITY : width - PROBABILITY - BAR - 3 * GAP.length;
    this.#bar = width === undefined ? 0 : BAR;
    this.#class = Math.min(longest, MOST_CLASS, Math.max(LEAST_FILE, rest - LEAST_FILE));
    this.#mostFile = Math.max(LEAST_FILE, rest - this.#class);
  }

  /** The lines of one more image; with the headings before the first. */
  lines({ file, predictions }: Predicted): string[] {
    const name = this.#fit(printable(file), this.#mostFile);
    this.#file = Math.max(this.#file, widthOf(name));
    const heads = this.#isBegun ? [] : [this.#colors.dim(this.#row('file', 'class', 'probability'))];
    this.#isBegun = true;
    if (predictions.length === 0) return [...heads, this.#row(name, '(none)', '')];
    const rows = predictions.map(({ label, probability }, i) => {
      const row = this.#row(i === 0 ? name : '', this.#fit(printable(label), this.#class), formatPercent(probability));
      return this.#bar > 0 ? `${row}${GAP}${this.#colors.cyan(barOf(probability, this.#bar))}` : row;
    });
    return [...heads, ...rows.map((row) => row.trimEnd())];
  }

  #row(file: string, label: string, probability: string): string {
    const cells = [padded(file, this.#file), padded(label, this.#class), probability.padStart(PROBABILITY)];
    return cells.join(GAP).trimEnd();
  }

  /** Texts are cut for a terminal alone: who reads a pipe wants them whole. */
  #fit(text: string, width: number): string {
    return this.#bar > 0 ? shorten(text, width) : text;
  }
}

function widthOf(text: string): number {
  return [...text].length;
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Eighths of a block, from none to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of at most `width` characters for a share in [0, 1]. */
export function barOf(share: number, width: number): string {
  const eighths = Math.round(8 * width * (Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0));
  return '█'.repeat(Math.floor(eighths / 8)) + at(EIGHTHS, eighths % 8);
}
