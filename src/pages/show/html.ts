import { shorten } from '../../report/format.js';
import { toHtml } from '../../util/markup.js';
import type { Fact, Words } from '../content/report-data.js';

/** A name from outside: it keeps its own direction of writing, and its length within bounds; its whole text is its title. */
export function nameHtml(name: string, longest = 60): string {
  const short = shorten(name, longest);
  const title = short === name ? '' : ` title="${toHtml(name)}"`;
  return `<bdi${title}>${toHtml(short)}</bdi>`;
}

/** Words as HTML. */
export function wordsHtml(words: Words): string {
  const pieces = words.map((part) => {
    if (typeof part === 'string') return toHtml(part).replaceAll(/(\d) %/g, '$1&nbsp;%');
    return 'name' in part ? nameHtml(part.name) : `<code>${toHtml(part.command)}</code>`;
  });
  return pieces.join('');
}

/** A section of the page: its heading, and what is in it. */
export function section(id: string, title: string, ...content: readonly string[]): string {
  return `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content.join('\n')}</section>`;
}

/** What a table's cell holds: HTML, and what it is sorted by where that is something else. */
export type Cell = string | { readonly html: string; readonly value?: number | string; readonly class?: string };

/** A table. Its first column names the rows. */
export interface HtmlTable {
  readonly caption: string;
  /** Headings as HTML. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Whether a reader may sort it. */
  readonly sortable?: boolean;
  /** Columns from the second on hold numbers, unless it is said otherwise. */
  readonly textColumns?: readonly number[];
}

/** A table that scrolls by itself where it is too wide. */
export function table({ caption, head, rows, sortable, textColumns = [0] }: HtmlTable): string {
  const classOf = (column: number) => (textColumns.includes(column) ? '' : ' class="number"');
  const heads = head.map((title, column) => {
    const inside = sortable && title ? `<button type="button" data-sort="${column}">${title}</button>` : title;
    return title ? `<th scope="col"${classOf(column)}>${inside}</th>` : '<td></td>';
  });
  const lines = rows.map(
    (cells) => `<tr>${cells.map((cell, column) => cellHtml(cell, column, classOf(column))).join('')}</tr>`,
  );
  const inside = `<table${sortable ? ' data-sortable' : ''}><caption>${caption}</caption><thead><tr>${heads.join('')}</tr></thead><tbody>${lines.join('\n')}</tbody></table>`;
  return scrolling(inside, plain(caption));
}

function cellHtml(cell: Cell, column: number, columnClass: string): string {
  const { html, value, class: own } = typeof cell === 'string' ? { html: cell } : cell;
  const attributes = `${own ? ` class="${own}"` : columnClass}${value === undefined ? '' : ` data-value="${toHtml(String(value))}"`}`;
  return column === 0 ? `<th scope="row"${attributes}>${html}</th>` : `<td${attributes}>${html}</td>`;
}

/** Something that may be wider than the page: it scrolls by itself, also by keyboard. */
export function scrolling(html: string, label: string): string {
  return `<div class="scroll" role="group" tabindex="0" aria-label="${label}">${html}</div>`;
}

/** The text of HTML without its tags. */
function plain(html: string): string {
  return html.replaceAll(/<[^>]*>/g, '').replaceAll('"', '&quot;');
}

/** Facts, one a line. */
export function factList(facts: readonly Fact[]): string {
  const lines = facts.map(({ name, value }) => `<dt>${toHtml(name)}</dt><dd>${toHtml(value)}</dd>`);
  return `<dl class="facts">${lines.join('\n')}</dl>`;
}

/** More that is shown when it is asked for; on paper always, if it is worth it. */
export function details(summary: string, content: string, printed = false): string {
  return `<details${printed ? ' data-printed' : ''}><summary>${summary}</summary>${content}</details>`;
}
