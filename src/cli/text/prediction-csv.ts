import type { FilePrediction, ImageClassifier } from '../../evaluate/image-classifier.js';
import { printable } from '../../report/format.js';
import { toCsvCell } from '../../util/markup.js';

/** What the columns of a CSV of predictions are. */
export type CsvColumns = Pick<ImageClassifier, 'classes' | 'most'> & {
  /** Whether each class has a column: where images have any number of classes and all that are there are named. */
  readonly columnPerClass: boolean;
};

/**
 * The headings: `file`, then `class`, `probability`, `class_2`, `probability_2` and so on, or the classes themselves; at the end
 * `error`. A line is an image.
 */
export function csvHeader({ classes, most, columnPerClass }: CsvColumns): string {
  const ranks = Array.from({ length: most }, (_, i) => (i === 0 ? '' : `_${i + 1}`));
  const columns = columnPerClass ? classes : ranks.flatMap((rank) => [`class${rank}`, `probability${rank}`]);
  return csvLine(['file', ...columns, 'error']);
}

/** The line of an image. What it doesn't have is empty: the classes and probabilities of one that can't be read, the error of others. */
export function csvRow(result: FilePrediction, { classes, most, columnPerClass }: CsvColumns): string {
  const { file } = result;
  const width = columnPerClass ? classes.length : 2 * most;
  if ('error' in result) return csvLine([file, ...Array<string>(width).fill(''), result.error]);
  const { predictions } = result;
  const cells = columnPerClass
    ? classes.map((label) => textOf(predictions.find((each) => each.label === label)?.probability))
    : Array.from({ length: most }, (_, i) => [predictions[i]?.label ?? '', textOf(predictions[i]?.probability)]).flat();
  return csvLine([file, ...cells, '']);
}

/** Six decimals: more than float32 is exact to. */
function textOf(probability: number | undefined): string {
  return probability === undefined ? '' : String(Number(probability.toFixed(6)));
}

/** A line with its end as RFC 4180 has it. What a terminal obeys, line breaks too, is a question mark in it. */
function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => toCsvCell(printable(cell))).join(',')}\r\n`;
}
