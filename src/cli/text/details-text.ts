import { stripVTControlCharacters } from 'node:util';
import type { EvaluationDetails, SubjectDetails } from '../../evaluate/details.js';
import {
  formatCount,
  formatLoss,
  formatNumber,
  formatNumberOf,
  formatPercent,
  printable,
  shorten,
} from '../../report/format.js';
import { type Colors, colorsFor, widthOf } from '../../report/output.js';
import { type Column, renderTable } from '../../report/table.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';
import type { CliIo } from '../io/io.js';

/** Which details of an evaluation are shown. */
export interface WantedDetails {
  readonly perClass?: boolean | undefined;
  readonly confusion?: boolean | undefined;
  readonly calibration?: boolean | undefined;
}

interface Options extends WantedDetails {
  /** How many images were evaluated. */
  readonly of: number;
  /** Whose details they are, where there are several networks. */
  readonly name?: string | undefined;
}

/** The details of one network: tables with a line before each. */
export function formatDetails(
  { classes, images, networks }: EvaluationDetails,
  network: number,
  { perClass, confusion, calibration, of, name }: Options,
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): string[] {
  const colors = colorsFor(stdout, env);
  const subject = present(networks[network], 'the details of a network');
  const whose = name === undefined ? '' : ` of ${name}`;
  const title = (text: string) => ['', colors.bold(`${text}${whose}`)];
  return [
    ...(images < of ? ['', colors.dim(`details are of ${formatCount(images)} random ones of these images`)] : []),
    ...(perClass ? [...title('classes'), classTable(subject, classes, colors)] : []),
    ...(confusion ? [...title('confusion'), ...confusionLines(subject, classes, widthOf(stdout), colors)] : []),
    ...(calibration ? [...title('calibration'), ...calibrationLines(subject, colors)] : []),
  ];
}

const LONGEST_NAME = 40;

function nameOf(classes: readonly string[], index: number): string {
  return shorten(printable(at(classes, index)), LONGEST_NAME);
}

function right(...titles: readonly string[]): Column[] {
  return titles.map((title) => ({ title, align: 'right' }));
}

function shareOf(value: number | null): string {
  return value === null ? '-' : formatPercent(value);
}

/** A line for each class, and their means: a class without a value counts as 0, one without images not at all. */
function classTable({ perClass }: SubjectDetails, classes: readonly string[], colors: Colors): string {
  const keys = ['precision', 'recall', 'f1'] as const;
  const rows = perClass.map((own, c) => {
    return [nameOf(classes, c), formatCount(own.support), ...keys.map((key) => shareOf(own[key]))];
  });
  const there = perClass.filter(({ support }) => support > 0);
  const images = there.reduce((sum, { support }) => sum + support, 0);
  const mean = (key: (typeof keys)[number], weightOf: (support: number) => number) =>
    formatPercent(there.reduce((sum, own) => sum + weightOf(own.support) * (own[key] ?? 0), 0));
  const means = [
    ['mean of classes', '', ...keys.map((key) => mean(key, () => 1 / there.length))],
    ['mean of images', formatCount(images), ...keys.map((key) => mean(key, (support) => support / images))],
  ];
  const columns = [{ title: 'class' }, ...right('images', 'precision', 'recall', 'F1')];
  return renderTable(columns, [...rows, ...means.map((row) => row.map(colors.dim))], colors);
}

const MOST_PAIRS = 20;

function confusionLines(subject: SubjectDetails, classes: readonly string[], width: number, colors: Colors): string[] {
  if (subject.confusion.length === 0) return ['images with any number of classes have none: see --per-class'];
  const matrix = confusionMatrix(subject, classes, colors);
  return matrix && longestLine(matrix) <= width ? matrix : confusedPairs(subject, classes, colors);
}

const LARGEST_MATRIX = 25;

/** A line for each class of the images, a column for each class that was said, by its number. */
function confusionMatrix(
  { confusion }: SubjectDetails,
  classes: readonly string[],
  colors: Colors,
): string[] | undefined {
  if (classes.length > LARGEST_MATRIX) return undefined;
  const cells = new Map(confusion.map(([own, said, count]) => [`${own} ${said}`, count]));
  const rows = classes.map((_, own) => {
    const counts = classes.map((_, said) => {
      const count = formatCount(cells.get(`${own} ${said}`) ?? 0);
      return own === said ? colors.green(count) : count === '0' ? colors.dim('·') : count;
    });
    return [`${own} ${nameOf(classes, own)}`, ...counts];
  });
  const columns = [{ title: 'images of, taken for' }, ...right(...classes.map((_, c) => String(c)))];
  return renderTable(columns, rows, colors).split('\n');
}

function longestLine(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => stripVTControlCharacters(line).length));
}

/** The most frequent confusions. */
function confusedPairs({ confusion, perClass }: SubjectDetails, classes: readonly string[], colors: Colors): string[] {
  const wrong = confusion.filter(([own, said]) => own !== said).sort((a, b) => b[2] - a[2]);
  if (wrong.length === 0) return ['every image was taken for what it is'];
  const rows = wrong.slice(0, MOST_PAIRS).map(([own, said, count]) => {
    const share = formatPercent(count / at(perClass, own).support);
    return [nameOf(classes, own), nameOf(classes, said), formatCount(count), share];
  });
  const columns = [{ title: 'images of' }, { title: 'taken for' }, ...right('images', 'of the class')];
  const more = wrong.length - MOST_PAIRS;
  return [
    renderTable(columns, rows, colors),
    ...(more > 0 ? [colors.dim(`... and ${formatNumberOf(more, 'more pair')}; --json has all`)] : []),
  ];
}

/** How often stated probabilities are right, and what dividing the logits by a temperature makes of them. */
function calibrationLines({ calibration }: SubjectDetails, colors: Colors): string[] {
  const { bins, ece, temperature, scaled } = calibration;
  const rows = bins.flatMap(({ lower, upper, count, confidence, accuracy }) => {
    if (count === 0) return [];
    const range = `${formatPercent(lower, 0)} to ${formatPercent(upper, 0)}`;
    return [[range, formatCount(count), shareOf(confidence), shareOf(accuracy)]];
  });
  return [
    renderTable(right('stated', 'answers', 'mean', 'right'), rows, colors),
    `ECE ${formatPercent(ece, 2)}; with the logits divided by ${formatNumber(temperature)} (temperature): ECE ${formatPercent(scaled.ece, 2)}, loss ${formatLoss(scaled.loss)}`,
  ];
}
