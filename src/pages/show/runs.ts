import { formatDuration, formatNumberOf, formatPercent } from '../../report/format.js';
import type { ListedRun } from '../content/listed-run.js';
import { type Cell, nameHtml, section, table } from './html.js';

/** Of the runs that are shown when the page opens: the newest ones. */
export const SHOWN_AT_FIRST = 5;

/** The measures that curves may show. */
export const MEASURES = {
  validationScore: 'Validation accuracy',
  validationLoss: 'Validation loss',
  accuracy: 'Training accuracy',
  loss: 'Training loss',
} as const;

export type CurveMeasure = keyof typeof MEASURES;

const STATES: Readonly<Record<ListedRun['state'], string>> = {
  preparing: 'begins',
  running: 'trains',
  stopped: 'stopped',
  finished: 'finished',
  unreadable: "can't be read",
};

/** The body of a page that lists runs, as HTML. */
export function renderRuns(runs: readonly ListedRun[]): string {
  return `<a class="skip" href="#runs">To the runs</a>
<header id="header"><p class="dim brand">Agon</p><h1>Runs</h1><p class="lead" data-lead>${leadOf(runs)}</p></header>
<p class="live" role="status" data-live hidden></p>
<main>${curvesPart()}${runsPart(runs)}</main>
<footer class="dim">A run's name leads to its report. What is here is read from the runs' folders; nothing is written.</footer>`;
}

/** How many runs there are. */
export function leadOf(runs: readonly ListedRun[]): string {
  const training = runs.filter(({ state }) => state === 'running').length;
  if (runs.length === 0) return 'There is no run here yet. One that begins is shown at once.';
  return `${formatNumberOf(runs.length, 'run')}, ${training === 0 ? 'none of them trains now' : `${training} of them ${training === 1 ? 'trains' : 'train'} now`}.`;
}

function curvesPart(): string {
  const measures = Object.entries(MEASURES).map(([key, title]) => `<option value="${key}">${title}</option>`);
  const controls = `<div class="controls screen"><label>Show <select data-measure>${measures.join('')}</select></label>
<label>of <select data-networks><option value="best">the best network of each run</option><option value="all">all networks</option></select></label></div>`;
  const chart = `<figure class="chart"><div class="plot" data-chart="runs" role="img" aria-label="Curves of the chosen runs, whose numbers are in their reports"></div>
<p class="readout dim" data-readout="runs">&nbsp;</p><ul class="legend" data-legend></ul></figure>`;
  return section('curves', 'Curves', controls, chart);
}

function runsPart(runs: readonly ListedRun[]): string {
  const controls = `<div class="controls screen"><label>Filter <input type="search" data-filter placeholder="name, network, data, state"></label>
<button type="button" data-choose="shown">Choose all shown</button><button type="button" data-choose="none">Choose none</button>
<span class="dim" role="status" data-count></span></div>`;
  return section('runs', 'All runs', controls, runTable(runs));
}

/** The runs, the newest first. */
export function runTable(runs: readonly ListedRun[]): string {
  const newest = [...runs].sort((a, b) => (b.started ?? 0) - (a.started ?? 0));
  return table({
    caption: 'The newest first. The boxes choose what the curves show',
    head: ['Run', 'State', 'Networks', 'Data', 'Epochs', 'Best validation', 'Began'],
    rows: newest.map(cellsOf),
    sortable: true,
    textColumns: [0, 1, 2, 3],
  });
}

function cellsOf(run: ListedRun): Cell[] {
  const { id, name, networks, data, epochs, of, best } = run;
  const box = `<input type="checkbox" id="choose-${id}" data-run="${id}" aria-label="Show in the curves">`;
  const place = of === null ? '' : `${epochs} of ${of}`;
  const score = best === null ? '' : `<b>${formatPercent(best.score)}</b>`;
  const where = best === null ? '' : `<br><span class="dim">${nameHtml(best.network, 24)}, epoch ${best.epoch}</span>`;
  return [
    { html: `${box}<span class="swatch"></span> <a href="runs/${id}/">${nameHtml(name)}</a>`, value: name },
    { html: stateHtml(run), value: STATES[run.state] },
    { html: networks.map((label) => nameHtml(label, 24)).join(', '), value: networks.join(', ') },
    { html: nameHtml(data, 24), value: data },
    { html: place, value: epochs },
    { html: score + where, value: best?.score ?? -1 },
    { html: timeHtml(run), value: run.started ?? 0 },
  ];
}

function stateHtml({ state, secondsLeft, fault }: ListedRun): string {
  const left = secondsLeft === null ? '' : `<br><span class="dim">${formatDuration(secondsLeft)} left</span>`;
  const why = fault === undefined ? '' : `<br><span class="dim">${nameHtml(fault, 120)}</span>`;
  return `<span class="state ${state}">${STATES[state]}</span>${left}${why}`;
}

/** In UTC; the client says it in the reader's own time. */
function timeHtml({ started }: ListedRun): string {
  if (started === null) return '';
  const text = new Date(started).toISOString();
  return `<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')}</time>`;
}
