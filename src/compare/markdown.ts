import type { Comparison } from './results.js';
import { resultTables, type TextTable } from './tables.js';
import { sentences } from './wording.js';

/** The results as Markdown. */
export function toMarkdown(title: string, provenance: readonly string[], comparison: Comparison): string {
  const parts = [
    `# ${title}`,
    ...provenance,
    ...resultTables(comparison).map(markdownTable),
    '## In words',
    sentences(comparison)
      .map((sentence) => `- ${sentence}`)
      .join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function markdownTable({ title, head, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
