import { printable } from './printable.js';

/** A text from outside as HTML or SVG shows it, in an element or a quoted attribute. */
export function toHtml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * A text from outside as Markdown shows it within a paragraph, a list or a table's cell. What would be markup is escaped:
 * tags, entities, links, emphasis, code, columns, formulas. Numbers, brackets and underscores within words stay as they are.
 */
export function toMarkdownText(text: string): string {
  return printable(text)
    .replace(/[\\`*|~$]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/\](?=[([:])/g, '\\]')
    .replace(/&(?=#|[A-Za-z])/g, '&amp;')
    .replace(/<(?=[A-Za-z/!?])/g, '&lt;');
}

/** A text as a cell of CSV (RFC 4180). */
export function toCsvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
