import './base.css';
import './style.css';
import type { ReportData } from '../content/report-data.js';
import { type Chart, chartsOf } from '../show/charts.js';
import type { ClassOrder } from '../show/class-order.js';
import { drawMatrix, listenToCells } from './confusion.js';
import { follow, type LiveAddresses } from './live.js';
import { listenToMaps } from './pictures.js';
import { drawPlots } from './plots.js';
import { listenToPrinting } from './printing.js';
import { listenToHeadings } from './sorting.js';
import { jsonOf, type State } from './state.js';
import { enliven, remember, update } from './update.js';

function begin(data: ReportData): void {
  const state: State = { data, subject: data.assessment?.winner ?? 0, order: 'together', maps: false };
  remember(state);
  enliven(document.body, state);
  listenToHeadings();
  listenToCells(state);
  listenToMaps(state);
  listenToChoices(state);
  listenToLook(() => drawPlots(document.body, chartsOf(state.data)));
  const live = jsonOf('report-live') as LiveAddresses | undefined;
  if (live) {
    follow<ReportData>(live, (news) => {
      if (!state.data.assessment && news.assessment) state.subject = news.assessment.winner;
      state.data = news;
      update(state);
    });
  }
}

function listenToChoices(state: State): void {
  document.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLSelectElement)) return;
    if (target.matches('[data-subject]')) {
      state.subject = Number(target.value);
      update(state);
    }
    if (target.matches('[data-order]')) {
      state.order = target.value as ClassOrder;
      drawMatrix(document.body, state);
    }
  });
}

/** Charts have their colours when they are drawn. */
function listenToLook(redraw: () => void): void {
  listenToPrinting(redraw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
}

/** A page of charts alone. */
function beginCharts(charts: readonly Chart[]): void {
  const redraw = () => drawPlots(document.body, charts);
  redraw();
  listenToHeadings();
  listenToLook(redraw);
}

const data = jsonOf('report-data') as ReportData | undefined;
if (data) begin(data);
const charts = jsonOf('charts') as readonly Chart[] | undefined;
if (charts) beginCharts(charts);
