import type { Comparison, MethodResult } from './results.js';
import type { Summary } from './statistics.js';
import { resultTables, type TextTable } from './tables.js';
import { formatSigned, sentences } from './wording.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --dim: #667; --line: #d5dae0; --mark: #1762b8; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ee; --dim: #9aa5b1; --line: #39424d; --mark: #6fb1ff; --back: #14181d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 500; } .wide { overflow-x: auto; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg .dim { fill: var(--dim); }
svg line, svg circle { stroke: var(--mark); } svg circle { fill: var(--mark); } svg .axis { stroke: var(--line); }
p, li { color: var(--ink); } .dim { color: var(--dim); }`;

/** The results as one self-contained page, with the intervals drawn. */
export function toPage(title: string, provenance: readonly string[], comparison: Comparison): string {
  const { methods, differences, measure } = comparison;
  const [first, ...others] = resultTables(comparison) as [TextTable, ...TextTable[]];
  const values = methods.map((each) => ({ label: labelOf(each, methods), summary: each.measures[measure] }));
  const gaps = differences.map((each) => ({ label: `${each.a} − ${each.b}`, summary: each.difference }));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${toHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${toHtml(title)}</h1>
${provenance.map((line) => `<p class="dim">${toHtml(line)}</p>`).join('\n')}
${tableOf(first)}
${figure(values, (x) => x.toFixed(1))}
${others.slice(0, -1).map(tableOf).join('\n')}
${tableOf(others.at(-1) as TextTable)}
${figure(gaps, (x) => formatSigned(x, 1), 0)}
<h2>In words</h2><ul>${sentences(comparison)
    .map((each) => `<li>${toHtml(each)}</li>`)
    .join('')}</ul>
</body></html>
`;
}

function labelOf({ group, method }: MethodResult, all: readonly MethodResult[]): string {
  return all.every((each) => each.group === group) ? method : `${group}: ${method}`;
}

function tableOf({ title, head, rows }: TextTable): string {
  const cells = (tag: string, row: readonly string[]) => row.map((cell) => `<${tag}>${toHtml(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<h2>${toHtml(title)}</h2><div class="wide"><table><tr>${cells('th', head)}</tr>\n${body}</table></div>`;
}

interface Mark {
  readonly label: string;
  readonly summary: Summary;
}

const [WIDTH, LEFT, ROW] = [1000, 330, 24];

/** Means as dots and 95 % intervals as whiskers, on one axis; a line at `zero`. */
function figure(marks: readonly Mark[], format: (x: number) => string, zero?: number): string {
  if (marks.length === 0) return '';
  const ends = marks.flatMap(({ summary }) => [summary.mean, ...(summary.interval ?? [])]);
  const [low, high] = [Math.min(...ends, zero ?? Infinity), Math.max(...ends, zero ?? -Infinity)];
  const margin = (high - low || 1) * 0.05;
  const x = (value: number) => LEFT + ((value - low + margin) / (high - low + 2 * margin)) * (WIDTH - LEFT - 20);
  const height = (marks.length + 1) * ROW + 8;
  const rows = marks.map(({ label, summary: { mean, interval } }, i) => {
    const y = (i + 0.5) * ROW;
    const whisker = interval ? `<line x1="${x(interval[0])}" y1="${y}" x2="${x(interval[1])}" y2="${y}"/>` : '';
    return `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${toHtml(label)}</text>${whisker}<circle cx="${x(mean)}" cy="${y}" r="4"/>`;
  });
  const ticks = [low, (low + high) / 2, high].map((value) => {
    return `<text class="dim" x="${x(value)}" y="${height - 8}" text-anchor="middle">${format(value)}</text>`;
  });
  const at =
    zero === undefined ? '' : `<line class="axis" x1="${x(zero)}" y1="0" x2="${x(zero)}" y2="${height - ROW}"/>`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="100%" role="img">${at}${rows.join('')}${ticks.join('')}</svg>`;
}

function toHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
