import Table from 'cli-table3';

/** A table of texts; every column but the first is aligned to the right. */
export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many columns from the first on are aligned to the left (1). */
  readonly left?: number;
}

/** For a terminal. */
export function terminalTable({ head, rows, left = 1 }: Rows): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i < left ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/** For a Markdown file. */
export function markdownTable({ head, rows, left = 1 }: Rows): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i < left ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
