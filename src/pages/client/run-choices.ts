import type { ListedRun, RunCurves } from '../content/listed-run.js';
import { type CurveMeasure, leadOf, runTable, SHOWN_AT_FIRST } from '../show/runs.js';

/** Colours that lines have. */
const COLOURS = 8;

/** What the list shows now. */
export interface RunsState {
  runs: readonly ListedRun[];
  /** Ids of the runs whose curves are shown, with their colours. */
  readonly chosen: Map<string, number>;
  /** What was fetched, and at how many epochs. */
  readonly curves: Map<string, { readonly epochs: number; readonly curves: RunCurves }>;
  filter: string;
  measure: CurveMeasure;
  all: boolean;
}

const rows = () => [...document.querySelectorAll<HTMLTableRowElement>('#runs tbody tr')];
const boxOf = (row: ParentNode) => row.querySelector<HTMLInputElement>('[data-run]');

/** Chooses the newest runs. */
export function chooseAtFirst(state: RunsState): void {
  for (const row of rows().slice(0, SHOWN_AT_FIRST)) choose(state, boxOf(row)?.dataset.run ?? '', true);
}

/** Chooses a run, in the colour that the fewest have, or no more. */
function choose({ chosen }: RunsState, id: string, isChosen: boolean): void {
  if (!isChosen) chosen.delete(id);
  else if (!chosen.has(id)) {
    const used = [...chosen.values()];
    const count = (colour: number) => used.filter((each) => each === colour).length;
    const colours = [...Array(COLOURS).keys()].sort((a, b) => count(a) - count(b) || a - b);
    chosen.set(id, colours[0] ?? 0);
  }
}

/** Listens to boxes, buttons, the filter and the choices above the curves. */
export function listenToChoices(state: RunsState, refresh: () => void): void {
  document.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.run) choose(state, target.dataset.run, target.checked);
    else if (target instanceof HTMLSelectElement && target.matches('[data-measure]'))
      state.measure = target.value as CurveMeasure;
    else if (target instanceof HTMLSelectElement && target.matches('[data-networks]'))
      state.all = target.value === 'all';
    else return;
    refresh();
  });
  document.addEventListener('input', ({ target }) => {
    if (!(target instanceof HTMLInputElement) || !target.matches('[data-filter]')) return;
    state.filter = target.value;
    update(state);
  });
  document.addEventListener('click', ({ target }) => {
    const how = (target as Element | null)?.closest<HTMLElement>('[data-choose]')?.dataset.choose;
    if (how === undefined) return;
    if (how === 'none') state.chosen.clear();
    else for (const row of rows()) if (!row.hidden) choose(state, boxOf(row)?.dataset.run ?? '', true);
    refresh();
  });
}

/** Makes the list show the state: rows stay where a reader has sorted them. */
export function update(state: RunsState): void {
  renewRows(state);
  const words = state.filter.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const row of rows()) {
    const text = row.textContent?.toLowerCase() ?? '';
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
    const box = boxOf(row);
    const colour = state.chosen.get(box?.dataset.run ?? '');
    if (box) box.checked = colour !== undefined;
    const swatch = row.querySelector('.swatch');
    if (swatch) swatch.className = colour === undefined ? 'swatch' : `swatch c${colour}`;
  }
  const count = document.querySelector('[data-count]');
  if (count) count.textContent = state.filter ? `${shown} of ${state.runs.length} shown` : '';
  const lead = document.querySelector('[data-lead]');
  if (lead) lead.textContent = leadOf(state.runs);
}

/** Replaces what has changed, adds new runs above, and takes away those that are gone. */
function renewRows({ runs, chosen }: RunsState): void {
  const body = document.querySelector('#runs tbody');
  if (!body) return;
  const template = document.createElement('template');
  template.innerHTML = runTable(runs);
  const made = [...template.content.querySelectorAll<HTMLTableRowElement>('tbody tr')];
  const old = new Map(rows().map((row) => [boxOf(row)?.dataset.run, row]));
  const focused = document.activeElement?.id ?? '';
  for (const row of made.reverse()) {
    const id = boxOf(row)?.dataset.run;
    const before = old.get(id);
    old.delete(id);
    sayLocalTime(row);
    if (before) before.replaceWith(row);
    else body.prepend(row);
  }
  for (const [id, row] of old) {
    row.remove();
    chosen.delete(id ?? '');
  }
  if (focused) document.getElementById(focused)?.focus();
}

function sayLocalTime(row: Element): void {
  const time = row.querySelector('time');
  if (time)
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
