import { drawPlots, updatePlots } from '../../pages/client/plots.js';
import { listenToPrinting } from '../../pages/client/printing.js';
import { type Chart, chartFigure, chartsOf, summaryOf } from '../../pages/show/charts.js';
import { teachingFigure } from '../../pages/show/competition.js';
import { byId } from '../../web/client/elements.js';
import type { History, TrainingView } from '../content/history.js';
import { accuracyTable, duelHtml } from './contest-html.js';

/** Charts that are worth their place beside others. */
const SHOWN = ['step-loss', 'accuracy'];
/** Least time between two drawings, in milliseconds. */
const PAUSE = 400;

/** The competition before one's eyes: who leads and teaches, curves, and what each network gets right of each class. */
export class Contest {
  private charts: readonly Chart[] = [];
  private looks = '';
  private due: ReturnType<typeof setTimeout> | undefined;
  private drawn = 0;

  /** @param now - What there is to show, when it is shown. */
  constructor(private readonly now: () => { readonly history: History; readonly epochs: number } | undefined) {
    const redraw = () => drawPlots(byId('charts'), this.charts);
    listenToPrinting(redraw);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  }

  /** Shows what there is now, soon. */
  update(): void {
    this.due ??= setTimeout(() => this.draw(), Math.max(0, this.drawn + PAUSE - performance.now()));
  }

  /** The share of the validation pictures of each class that each network gets right. */
  showAccuracies(labels: readonly string[], classes: readonly string[], shares: readonly (readonly number[])[]): void {
    byId('by-class').innerHTML = accuracyTable(labels, classes, shares);
  }

  private draw(): void {
    this.due = undefined;
    this.drawn = performance.now();
    const now = this.now();
    const view = now?.history.view(now.epochs);
    byId('contest').hidden = !view;
    if (!now || !view) {
      this.clear();
      return;
    }
    byId('duel').innerHTML = duelHtml(now.history, view);
    byId('teaching').innerHTML = view.teaching ? teachingFigure(view, view.teaching) : '';
    this.showCharts(view);
  }

  private showCharts(view: TrainingView): void {
    this.charts = chartsOf(view).filter(({ id }) => SHOWN.includes(id));
    const place = byId('charts');
    const looks = this.charts
      .map(({ id, title, lines }) => [id, title, ...lines.map(({ label }) => label)].join())
      .join();
    if (looks !== this.looks) place.innerHTML = this.charts.map(chartFigure).join('\n');
    else {
      for (const chart of this.charts) {
        place.querySelector(`[data-chart="${chart.id}"]`)?.setAttribute('aria-label', summaryOf(chart));
      }
    }
    this.looks = looks;
    updatePlots(place, this.charts);
  }

  private clear(): void {
    for (const id of ['duel', 'teaching', 'by-class', 'charts']) byId(id).replaceChildren();
    this.charts = [];
    this.looks = '';
    drawPlots(byId('charts'), []);
  }
}
