import { toHtml } from '../../util/markup.js';
import { MEASURES, scoreName } from '../experiment/measures.js';
import type { Curve } from '../results/curves.js';
import type { Comparison } from '../results/results.js';
import { resultTables, type TextTable, titleOf } from '../results/tables.js';
import { formatSigned, sentences } from '../results/wording.js';
import { curveFigure } from './curve-figure.js';
import { figure, type Mark } from './figure.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --dim: #667; --line: #d5dae0; --mark: #1762b8; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ee; --dim: #9aa5b1; --line: #39424d; --mark: #6fb1ff; --back: #14181d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.05rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
th { color: var(--dim); font-weight: 500; } td.words { white-space: normal; min-width: 15rem; }
.wide { overflow-x: auto; margin: 1rem 0; } p.dim { overflow-wrap: anywhere; } .dim { color: var(--dim); }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg .dim { fill: var(--dim); }
svg .mark { stroke: var(--mark); stroke-width: 2; } svg circle { fill: var(--mark); }
svg .grid { stroke: var(--line); } svg .zero { stroke: var(--dim); stroke-width: 1.5; }`;

/** A run's own report: its address, seen from the page. */
export interface RunReport {
  readonly id: string;
  readonly address: string;
}

/** The results as one self-contained page, with the intervals and the learning curves drawn. */
export function toPage(
  title: string,
  provenance: readonly string[],
  comparison: Comparison,
  curves: readonly Curve[] = [],
  reports: readonly RunReport[] = [],
): string {
  const tables = resultTables(comparison);
  const words = sentences(comparison).map((each) => `<li>${toHtml(each)}</li>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${toHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${toHtml(title)}</h1>
${provenance.map((line) => `<p class="dim">${toHtml(line)}</p>`).join('\n')}
${section(tables.methods)}
${methodFigure(comparison)}
${section(tables.others)}
${section(tables.costs)}
${section(tables.differences)}
${differenceFigure(comparison)}
${section(tables.otherDifferences)}
<h2>In words</h2><ul>${words.join('\n')}</ul>
${section(tables.settings)}
${learning(curves, scoreName(comparison.task))}
${reportList(reports)}
</body></html>
`;
}

function learning(curves: readonly Curve[], score: string): string {
  const figures = [...new Set(curves.map(({ group }) => group))].map((group) => {
    const caption = `${group}: ${score} on the validation split after each epoch, %, mean of the networks and the seeds`;
    return curveFigure(
      curves.filter((curve) => curve.group === group),
      caption,
    );
  });
  const drawn = figures.join('');
  return drawn && `<h2>Learning curves</h2>${drawn}`;
}

function reportList(reports: readonly RunReport[]): string {
  if (reports.length === 0) return '';
  const links = reports.map(({ id, address }) => `<li><a href="${toHtml(address)}">${toHtml(id)}</a></li>`);
  return `<h2>Reports of the runs</h2><ul>${links.join('\n')}</ul>`;
}

function methodFigure({ task, methods, measure, split }: Comparison): string {
  const marks = methods.map(({ group, method, measures }) => ({ group, label: method, summary: measures[measure] }));
  const caption = `${titleOf(task)} on the ${split} split, ${MEASURES[measure]}`;
  return figure(withGroups(marks), { axis: `${scoreName(task)}, %`, caption, format: String, zero: false });
}

function differenceFigure({ task, differences, measure, split }: Comparison): string {
  const marks = differences.map(({ group, a, b, difference }) => ({
    group,
    label: `${a} − ${b}`,
    summary: difference,
  }));
  const caption = `Differences in ${scoreName(task)} on the ${split} split, ${MEASURES[measure]}`;
  const format = (x: number) => (x === 0 ? '0' : formatSigned(x, decimalsOf(x)));
  return figure(withGroups(marks), { axis: 'difference, points', caption, format, zero: true });
}

/** Labels name the group where there is more than one. */
function withGroups(marks: readonly (Mark & { readonly group: string })[]): Mark[] {
  const alone = new Set(marks.map(({ group }) => group)).size === 1;
  return marks.map(({ group, label, summary }) => ({ label: alone ? label : `${group}: ${label}`, summary }));
}

function decimalsOf(value: number): number {
  return String(value).split('.')[1]?.length ?? 0;
}

function section({ title, note, head, rows }: TextTable): string {
  if (rows.length === 0) return '';
  const heads = head.map((cell) => `<th>${toHtml(cell)}</th>`);
  const body = rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`);
  const table = `<div class="wide"><table><tr>${heads.join('')}</tr>\n${body.join('\n')}</table></div>`;
  return `<h2>${toHtml(title)}</h2>${note ? `<p class="dim">${toHtml(note)}</p>` : ''}${table}`;
}

/** Words may be broken into lines, numbers and names not. */
function cellOf(cell: string): string {
  return `<td${cell.split(' ').length > 5 ? ' class="words"' : ''}>${toHtml(cell)}</td>`;
}
