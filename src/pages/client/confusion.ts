import { formatPercent } from '../../report/format.js';
import type { Assessment } from '../../store/assessment.js';
import { toHtml } from '../../util/markup.js';
import { matrixHtml } from '../show/matrix.js';
import { pictureHtml, picturesOfCell } from '../show/pictures.js';
import { fillPictures } from './pictures.js';
import { all, type State } from './state.js';

/** Draws the confusion matrix, if its place is under an element. */
export function drawMatrix(root: Element, { data, subject, order }: State): void {
  for (const place of all(root, '[data-matrix]')) {
    if (!data.assessment) continue;
    place.innerHTML = matrixHtml(data.assessment, subject, order);
    place.querySelector<HTMLElement>('[data-cell]')?.setAttribute('tabindex', '0');
  }
  for (const choice of all<HTMLSelectElement>(root, '[data-order]')) choice.value = order;
}

/** Listens to the cells of the matrix: they are told of, moved between by arrow keys, and show their images when they are chosen. */
export function listenToCells(state: State): void {
  const cellOf = (event: Event) => (event.target as Element | null)?.closest<HTMLElement>('[data-cell]');
  const describe = (event: Event) => {
    const cell = cellOf(event);
    if (cell && state.data.assessment) tell(describeCell(state.data.assessment, state.subject, cell));
  };
  document.addEventListener('mouseover', describe);
  document.addEventListener('focusin', describe);
  document.addEventListener('click', (event) => {
    const cell = cellOf(event);
    if (cell) showCell(state, cell);
  });
  document.addEventListener('keydown', (event) => {
    const cell = cellOf(event);
    const next = cell && neighbour(cell, event.key);
    if (!next) return;
    event.preventDefault();
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

function indicesOf(cell: HTMLElement): [own: number, said: number] {
  const [own = 0, said = 0] = (cell.dataset.cell ?? '').split(' ').map(Number);
  return [own, said];
}

function describeCell({ classes, subjects }: Assessment, subject: number, cell: HTMLElement): string {
  const [own, said] = indicesOf(cell);
  const confusion = subjects[subject]?.confusion ?? [];
  const count = confusion.find(([a, b]) => a === own && b === said)?.[2] ?? 0;
  const support = confusion.reduce((sum, [a, , each]) => sum + (a === own ? each : 0), 0);
  const name = (i: number) => `<bdi>${toHtml(classes[i] ?? '')}</bdi>`;
  const of = `${count} of ${support} images of ${name(own)} (${formatPercent(count / (support || 1), 0)})`;
  return own === said ? `${of} were recognised.` : `${of} were taken for ${name(said)}.`;
}

function tell(html: string): void {
  const status = document.querySelector('[data-cell-status]');
  if (status && status.innerHTML !== html) status.innerHTML = html;
}

function showCell({ data, subject, maps }: State, cell: HTMLElement): void {
  const { assessment } = data;
  const place = document.querySelector('[data-cell-pictures]');
  if (!assessment || !place) return;
  for (const chosen of document.querySelectorAll('[data-cell][aria-pressed]')) chosen.removeAttribute('aria-pressed');
  cell.setAttribute('aria-pressed', 'true');
  const pictures = picturesOfCell(assessment, subject, ...indicesOf(cell));
  place.innerHTML = pictures.map((index) => pictureHtml(assessment, index, subject)).join('\n');
  fillPictures(place, { data, maps });
  const shown =
    pictures.length === 0
      ? 'None of them is kept in this page.'
      : `${pictures.length} of them ${pictures.length === 1 ? 'is' : 'are'} shown beneath.`;
  tell(`${describeCell(assessment, subject, cell)} ${shown}`);
}

/** The next cell with a number in the direction of an arrow key. */
function neighbour(cell: HTMLElement, key: string): HTMLElement | undefined {
  const moves: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
  };
  const move = moves[key];
  const [td, table] = [cell.closest('td'), cell.closest('table')];
  if (!move || !td || !table) return undefined;
  let [row, column] = [(td.parentElement as HTMLTableRowElement).rowIndex, td.cellIndex];
  for (;;) {
    row += move[0];
    column += move[1];
    const at = table.rows[row]?.cells[column];
    if (!at || at.tagName === 'TH') return undefined;
    const found = at.querySelector<HTMLElement>('[data-cell]');
    if (found) return found;
  }
}
