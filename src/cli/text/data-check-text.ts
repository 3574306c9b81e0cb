import type { DataCheck } from '../../data/check/data-check.js';
import type { Finding, FindingItem, FoundImage } from '../../data/check/finding.js';
import { formatCount, formatNumberOf, printable } from '../../report/format.js';
import type { Colors } from '../../report/output.js';

/** The worst cases of a kind that are listed; fewer where there are many kinds, so that all fit on a screen. */
const MOST_SHOWN = 10;
const LEAST_SHOWN = 3;
const LINES = 36;
/** Images of one case that are named. */
const IMAGES_SHOWN = 4;

/** What was found in a data set, for people. */
export function formatDataCheck(check: DataCheck, all: boolean, colors: Colors): string[] {
  const { name, kind, classes, splits, findings, notes } = check;
  const counts = splits.map((split) => `${split.name} ${formatCount(split.images)}`).join(', ');
  const fair = Math.floor(LINES / Math.max(1, findings.length)) - 2;
  const shown = all ? Number.POSITIVE_INFINITY : Math.min(MOST_SHOWN, Math.max(LEAST_SHOWN, fair));
  return [
    `${colors.bold(printable(name))}  ${kind}, ${formatNumberOf(classes, 'class', 'classes')}, images: ${counts}`,
    ...(findings.length === 0 ? ['', colors.green('nothing was found')] : []),
    ...findings.flatMap((finding) => ['', ...formatFinding(finding, check, shown, colors)]),
    ...(notes.length > 0 ? [''] : []),
    ...notes.map((note) => `${colors.yellow('note:')} ${printable(note)}`),
  ];
}

function formatFinding({ kind, summary, items }: Finding, check: DataCheck, shown: number, colors: Colors): string[] {
  const more = items.length - shown;
  return [
    `${colors.yellow(kind)}: ${printable(summary)}`,
    ...items.slice(0, shown).map((item) => `  ${formatItem(item, check)}`),
    ...(more > 0 ? [colors.dim(`  ... and ${formatCount(more)} more (--all)`)] : []),
  ];
}

function formatItem({ what, images }: FindingItem, { name }: DataCheck): string {
  const [first] = images;
  if (!first) return printable(withoutName(what, name));
  const others = images.length - IMAGES_SHOWN;
  const paths = images.slice(0, IMAGES_SHOWN).map((image) => printable(formatImage(image, images, name)));
  return `${paths.join(' = ')}${others > 0 ? ` and ${others} more` : ''}: ${printable(what)}`;
}

/** A path in the data set, and the class and the split that it doesn't share with the others. */
function formatImage(image: FoundImage, images: readonly FoundImage[], name: string): string {
  const differs = (of: 'class' | 'split') => images.some((other) => other[of] !== image[of]);
  const facts = [...(differs('class') ? [image.class] : []), ...(differs('split') ? [image.split] : [])];
  return `${withoutName(image.path, name)}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}

function withoutName(text: string, name: string): string {
  const folder = name.replace(/[/\\]+$/, '');
  return text.startsWith(folder) ? text.slice(folder.length + 1) : text;
}
