import type { FilePrediction, Prediction } from '../../evaluate/image-classifier.js';
import { formatPercent, printable, shorten } from '../../report/format.js';
import type { Colors } from '../../report/output.js';
import { at } from '../../util/checked.js';

type Predicted = Extract<FilePrediction, { predictions: unknown }>;

const GAP = '  ';
const PROBABILITY = 'probability'.length;
const PERCENT = '100.0 %'.length;
const BAR = 20;
const MOST_CLASS = 40;

/** Predictions for a file or a pipe: a table that grows, a line for each class that is named. */
export class PredictionTable {
  readonly #class: number;
  #file = 'file'.length;
  #isBegun = false;

  constructor(
    classes: readonly string[],
    private readonly colors: Colors,
  ) {
    this.#class = Math.min(longestOf(classes), MOST_CLASS);
  }

  /** The lines of one more image; with the headings before the first. A column is as wide as what it has had. */
  lines({ file, predictions }: Predicted): string[] {
    const name = printable(file);
    this.#file = Math.max(this.#file, widthOf(name));
    const heads = this.#isBegun ? [] : [this.colors.dim(this.#row('file', 'class', 'probability'))];
    this.#isBegun = true;
    if (predictions.length === 0) return [...heads, this.#row(name, '(none)', '')];
    const rows = predictions.map(({ label, probability }, i) => {
      return this.#row(i === 0 ? name : '', printable(label), formatPercent(probability));
    });
    return [...heads, ...rows];
  }

  #row(file: string, label: string, probability: string): string {
    const cells = [padded(file, this.#file), padded(label, this.#class), probability.padStart(PROBABILITY)];
    return cells.join(GAP).trimEnd();
  }
}

/** Predictions for a terminal: the name of an image, beneath it its classes with bars; all in one line where one class is named. */
export class PredictionBars {
  readonly #class: number;

  constructor(
    { classes, most }: { readonly classes: readonly string[]; readonly most: number },
    private readonly colors: Colors,
    width: number,
  ) {
    this.isShort = most === 1;
    this.#class = Math.min(longestOf(classes), Math.max(8, width - PERCENT - BAR - 3 * GAP.length));
  }

  private readonly isShort: boolean;

  lines({ file, predictions }: Predicted): string[] {
    const [first] = predictions;
    if (this.isShort && first) return [`${this.#line(first)}${GAP}${printable(file)}`];
    if (!first) return [printable(file), `${GAP}(none)`];
    return [printable(file), ...predictions.map((each) => `${GAP}${this.#line(each)}`.trimEnd())];
  }

  #line({ label, probability }: Prediction): string {
    const name = padded(shorten(printable(label), this.#class), this.#class);
    const bar = this.colors.cyan(barOf(probability, BAR).padEnd(this.isShort ? BAR : 0));
    return `${name}${GAP}${formatPercent(probability).padStart(PERCENT)}${GAP}${bar}`;
  }
}

function longestOf(classes: readonly string[]): number {
  return classes.reduce((most, label) => Math.max(most, widthOf(printable(label))), 'class'.length);
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
