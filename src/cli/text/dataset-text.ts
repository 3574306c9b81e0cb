import type { DatasetSummary, Range } from '../../data/dataset/summary.js';
import { formatCount, formatNumberOf, printable } from '../../report/format.js';
import type { Colors } from '../../report/output.js';
import { renderTable } from '../../report/table.js';

/** Longer lists are cut, unless all of them is asked for. */
const SHOWN = 20;

/** What is in a data set, for people. */
export function formatDataset(summary: DatasetSummary, all: boolean, colors: Colors): string[] {
  const { name, kind, splits, classes, skipped, notes = [] } = summary;
  const images = splits.reduce((sum, split) => sum + split.images, 0);
  const facts = [kind, formatNumberOf(images, 'image'), formatNumberOf(classes.length, 'class', 'classes')];
  return [
    `${colors.bold(printable(name))}  ${facts.join(', ')}, ${describeSizes(summary)}`,
    '',
    classTable(summary, all, colors),
    ...more(classes.length, all, colors),
    ...skippedLines(skipped, all, colors),
    ...(notes.length > 0 ? [''] : []),
    ...notes.map((note) => `${colors.yellow('note:')} ${printable(note)}`),
  ];
}

function describeSizes({ channels, sizes }: DatasetSummary): string {
  const kind = channels === 1 ? 'grey' : 'colour';
  if (!sizes) return `${kind}, sizes unknown`;
  const { height, width } = sizes;
  if (isOne(height) && isOne(width)) return `${kind}, ${width.median}x${height.median} pixels`;
  return `${kind}, width ${describeRange(width)}, height ${describeRange(height)}`;
}

function isOne({ least, greatest }: Range): boolean {
  return least === greatest;
}

function describeRange({ least, median, greatest }: Range): string {
  return least === greatest ? String(median) : `${least} to ${greatest} (median ${median})`;
}

function classTable({ splits, classes }: DatasetSummary, all: boolean, colors: Colors): string {
  const columns = [{ title: 'class' }, ...splits.map(({ name }) => ({ title: name, align: 'right' }) as const)];
  const rows = classes
    .slice(0, all ? undefined : SHOWN)
    .map(({ name, counts }) => [printable(name), ...counts.map((count) => formatCount(count))]);
  const total = [colors.bold('all'), ...splits.map(({ images }) => colors.bold(formatCount(images)))];
  return renderTable(columns, [total, ...rows], colors);
}

function skippedLines(skipped: DatasetSummary['skipped'], all: boolean, colors: Colors): string[] {
  if (skipped.length === 0) return [];
  const lines = skipped.slice(0, all ? undefined : SHOWN).map(({ path, reason }) => {
    return `  ${printable(path)}: ${printable(reason.split('\n')[0] ?? '')}`;
  });
  const title = colors.yellow(`${formatNumberOf(skipped.length, 'file or folder', 'files or folders')} left out:`);
  return ['', title, ...lines, ...more(skipped.length, all, colors)];
}

function more(count: number, all: boolean, colors: Colors): string[] {
  return all || count <= SHOWN ? [] : [colors.dim(`... and ${formatCount(count - SHOWN)} more (--all)`)];
}
