import { chartsOf } from '../show/charts.js';
import { reportHeader, reportSections } from '../show/report.js';
import { drawMatrix } from './confusion.js';
import { fillPictures } from './pictures.js';
import { drawPlots } from './plots.js';
import type { State } from './state.js';

/** The HTML that each section was made of, by its id. */
const shown = new Map<string, string>();

/** Gives what is under an element what only a browser can give it. */
export function enliven(root: Element, state: State): void {
  drawPlots(root, chartsOf(state.data));
  drawMatrix(root, state);
  fillPictures(root, state);
}

/** Remembers what the page was made of. */
export function remember({ data, subject }: State): void {
  for (const { id, html } of reportSections(data, subject)) shown.set(id, html);
}

/** Makes the page show the state: sections that have changed are made anew, others stay as they are. */
export function update(state: State): void {
  const main = document.querySelector('main');
  const header = document.querySelector('#header');
  if (!main || !header) return;
  const sections = reportSections(state.data, state.subject);
  header.innerHTML = reportHeader(state.data, sections);
  for (const section of [...main.children]) {
    if (!sections.some(({ id }) => id === section.id)) section.remove();
  }
  for (const [i, { id, html }] of sections.entries()) {
    const old = document.getElementById(id);
    if (old && shown.get(id) === html) continue;
    const made = elementOf(html);
    if (old) keepOpen(old, made);
    const focused = old?.contains(document.activeElement) ? document.activeElement?.id : '';
    if (old) old.replaceWith(made);
    else main.insertBefore(made, main.children[i] ?? null);
    enliven(made, state);
    if (focused) document.getElementById(focused)?.focus();
    shown.set(id, html);
  }
}

function elementOf(html: string): Element {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content.firstElementChild as Element;
}

/** What a reader has unfolded stays so. */
function keepOpen(old: Element, made: Element): void {
  const textOf = (each: Element) => each.querySelector('summary')?.textContent ?? '';
  const open = new Set([...old.querySelectorAll('details[open]')].map(textOf));
  for (const each of made.querySelectorAll('details')) each.open = open.has(textOf(each));
}
