import { COLOURS } from '../../pages/show/charts.js';
import { type Cell, nameHtml, table } from '../../pages/show/html.js';
import { formatCompact, formatLoss, formatPercent } from '../../report/format.js';
import type { History, TrainingView } from '../content/history.js';

/** Networks side by side, and between them who teaches. */
export function duelHtml(history: History, view: TrainingView): string {
  const teachers = history.recentTeachers;
  const leader = teachers.indexOf(Math.max(...teachers));
  const isOpen = teachers.every((share) => share === 0);
  const cards = view.networks.map((_, i) => networkHtml(history, view, i, !isOpen && i === leader));
  const [first = '', ...others] = cards;
  return [first, arrowHtml(view, teachers, isOpen ? undefined : leader), ...others].join('\n');
}

function networkHtml(history: History, view: TrainingView, i: number, leads: boolean): string {
  const { label = '', parameters = 0 } = view.networks[i] ?? {};
  const validated = view.epochs.at(-1)?.networks[i]?.validation?.accuracy;
  const loss = history.last?.ce[i];
  const facts = [
    ['Right on held-out pictures', formatPercent(validated ?? Number.NaN, 0)],
    ['Loss', loss === undefined || loss === null ? '-' : formatLoss(loss)],
    ['Teaches in', formatPercent(taughtBy(view, i), 0)],
  ];
  const lines = facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('');
  return `<div class="network c${i % COLOURS}${leads ? ' leads' : ''}"><h3><span class="swatch c${i % COLOURS}"></span>${nameHtml(label, 30)}</h3>
<p class="dim">${formatCompact(parameters)} parameters</p><dl>${lines}</dl></div>`;
}

/** The share of all steps in which a network taught another one. */
function taughtBy({ teaching, networks }: TrainingView, teacher: number): number {
  const shares = networks.map((_, student) =>
    student === teacher ? 0 : (teaching?.total.taught[student]?.[teacher] ?? 0),
  );
  return Math.max(0, ...shares);
}

function arrowHtml({ networks }: TrainingView, teachers: readonly number[], leader: number | undefined): string {
  if (leader === undefined) return '<p class="arrow"><span class="dim">nobody teaches yet</span></p>';
  const to = networks.findIndex((_, i) => i !== leader);
  const share = formatPercent(teachers[leader] ?? 0, 0);
  const label = networks[leader]?.label ?? '';
  return `<p class="arrow ${leader < to ? 'forth' : 'back'} c${leader % COLOURS}"><span class="shaft" aria-hidden="true"></span><span>${nameHtml(label, 30)} teaches <span class="dim">(${share} of the last steps)</span></span></p>`;
}

/** What each network gets right of each class, as a table with bars. */
export function accuracyTable(
  labels: readonly string[],
  classes: readonly string[],
  shares: readonly (readonly number[])[],
): string {
  const rows = classes.map((name, c): Cell[] => [
    nameHtml(name),
    ...labels.map((_, i) => shareCell(shares[i]?.[c], i)),
  ]);
  return table({
    caption: 'Held-out pictures of each class that are recognised',
    head: ['Class', ...labels.map((label) => nameHtml(label, 30))],
    rows,
  });
}

function shareCell(share: number | undefined, network: number): Cell {
  if (share === undefined || !Number.isFinite(share)) return { html: '-', class: 'number' };
  const width = Math.round(60 * share);
  const bar = `<svg class="share-bar c${network % COLOURS}" viewBox="0 0 60 9" aria-hidden="true"><rect class="back" width="60" height="9"/><rect class="fill" width="${width}" height="9"/></svg>`;
  return { html: `${formatPercent(share, 0)} ${bar}`, class: 'number' };
}
