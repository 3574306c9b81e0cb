import { toMarkdownText } from '../../util/markup.js';
import type { Comparison } from '../results/results.js';
import { resultTables, type TextTable } from '../results/tables.js';
import { sentences } from '../results/wording.js';

/** The results as Markdown. */
export function toMarkdown(title: string, provenance: readonly string[], comparison: Comparison): string {
  const tables = Object.values(resultTables(comparison)).filter(({ rows }) => rows.length > 0);
  const words = sentences(comparison).map((sentence) => `- ${toMarkdownText(sentence)}`);
  const parts = [
    `# ${toMarkdownText(title)}`,
    ...provenance.map(toMarkdownText),
    ...tables.map(markdownTable),
    ...(words.length > 0 ? ['## In words', words.join('\n')] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function markdownTable({ title, note, head, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(toMarkdownText).join(' | ')} |`;
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
  return [`## ${toMarkdownText(title)}`, ...(note ? [toMarkdownText(note)] : []), table].join('\n\n');
}
