import { comparePaths } from '../../compare/experiment/folder.js';
import type { NumberedRun } from '../../compare/experiment/run-status.js';
import { listMissing, type Written } from '../../compare/report.js';
import { resultTables, type TextTable } from '../../compare/results/tables.js';
import { sentences } from '../../compare/results/wording.js';
import { formatNumberOf, printable } from '../../report/format.js';
import type { Colors } from '../../report/output.js';
import { renderTable } from '../../report/table.js';

/** The runs of a comparison with their numbers, and how each stands. */
export function planLines(folder: string, plan: readonly NumberedRun[], colors: Colors): string[] {
  const columns = [
    { title: 'run', align: 'right' as const },
    ...['folder', 'group', 'method'].map((title) => ({ title })),
    { title: 'seed', align: 'right' as const },
    { title: 'state' },
  ];
  const rows = plan.map((each) => {
    const state = each.state === 'failed' ? `failed: ${each.error}` : each.state;
    return [String(each.run), each.id, each.group, each.method, String(each.seed), state].map(printable);
  });
  const finished = plan.filter(({ state }) => state === 'finished').length;
  const count = `${formatNumberOf(plan.length, 'run')}, ${finished} finished; in ${printable(folder)}`;
  return [renderTable(columns, rows, colors), '', count];
}

/** The tables and sentences of a comparison, and the files that hold them. */
export function comparisonLines(folder: string, written: Written, colors: Colors): string[] {
  const { comparison, finished, planned, missing } = written;
  if (finished === 0) return [`none of ${planned} runs has finished`];
  const { results, markdown, page } = comparePaths(folder);
  return [
    ...Object.values<TextTable>(resultTables(comparison)).flatMap((table) => tableLines(table, colors)),
    '',
    ...sentences(comparison).map(printable),
    '',
    ...(missing.length > 0 ? [printable(`Missing in these numbers: ${listMissing(missing)}.`), ''] : []),
    `${finished} of ${planned} runs; wrote ${[results, markdown, page].map(printable).join(', ')}`,
  ];
}

function tableLines({ title, note, head, rows }: TextTable, colors: Colors): string[] {
  if (rows.length === 0) return [];
  const columns = head.map((each) => ({ title: printable(each) }));
  return [
    '',
    colors.bold(title),
    ...(note ? [colors.dim(printable(note))] : []),
    renderTable(
      columns,
      rows.map((cells) => cells.map(printable)),
      colors,
    ),
  ];
}
