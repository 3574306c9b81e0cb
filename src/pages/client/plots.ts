import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import { formatNumber, formatPercent } from '../../report/format.js';
import { type Chart, type ChartLine, COLOURS } from '../show/charts.js';
import { all } from './state.js';

const HEIGHT = 260;
/** Pixels of a chart on paper. */
const PAPER_WIDTH = 620;

/** A chart in its place. */
interface Drawn {
  readonly plot: uPlot;
  chart: Chart;
}

const plots = new Map<Element, Drawn>();
const widths = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const width = Math.floor(contentRect.width);
    if (width > 0 && !isPrinting()) plots.get(target)?.plot.setSize({ width, height: HEIGHT });
  }
});

const isPrinting = () => document.documentElement.classList.contains('printing');

/** Draws those of the charts whose places are under an element. */
export function drawPlots(root: Element, charts: readonly Chart[]): void {
  for (const place of plots.keys()) {
    if (!place.isConnected || root.contains(place)) erase(place);
  }
  for (const [place, chart] of placesOf(root, charts)) draw(place, chart);
}

/** Gives charts that are drawn the values of now, and draws those that aren't, or have other lines. */
export function updatePlots(root: Element, charts: readonly Chart[]): void {
  for (const [place, chart] of placesOf(root, charts)) {
    const drawn = plots.get(place);
    if (drawn && looksAlike(drawn.chart, chart)) {
      drawn.chart = chart;
      drawn.plot.setData(valuesOf(chart));
    } else {
      erase(place);
      draw(place, chart);
    }
  }
}

const showsPoints = ({ places }: Chart) => places.length < 3;

function looksAlike(one: Chart, other: Chart): boolean {
  return one.lines.length === other.lines.length && showsPoints(one) === showsPoints(other);
}

function placesOf(root: Element, charts: readonly Chart[]): [HTMLElement, Chart][] {
  return all<HTMLElement>(root, '[data-chart]').flatMap((place): [HTMLElement, Chart][] => {
    const chart = charts.find(({ id }) => id === place.dataset.chart);
    return chart ? [[place, chart]] : [];
  });
}

function draw(place: HTMLElement, chart: Chart): void {
  const width = isPrinting() ? PAPER_WIDTH : Math.max(200, Math.floor(place.clientWidth));
  const plot = new uPlot(
    optionsOf(chart, width, () => plots.get(place)?.chart ?? chart),
    valuesOf(chart),
    place,
  );
  plots.set(place, { plot, chart });
  widths.observe(place);
}

function erase(place: Element): void {
  plots.get(place)?.plot.destroy();
  widths.unobserve(place);
  plots.delete(place);
}

function valuesOf({ places, lines }: Chart): uPlot.AlignedData {
  const values = lines.flatMap((line) => [[...line.values], ...(line.between ?? []).map((each) => [...each])]);
  return [[...places], ...values] as uPlot.AlignedData;
}

/** @param now - The chart as it is when the pointer asks for its values. */
function optionsOf(chart: Chart, width: number, now: () => Chart): uPlot.Options {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of chart.lines) {
    const stroke = colourOf(line);
    series.push({
      stroke,
      width: 2,
      ...(line.dashed && { dash: [5, 4] }),
      points: { show: showsPoints(chart) },
      spanGaps: true,
    });
    if (!line.between) continue;
    series.push({ stroke: 'transparent', points: { show: false } }, { stroke: 'transparent', points: { show: false } });
    bands.push({
      series: [series.length - 1, series.length - 2],
      fill: `color-mix(in srgb, ${stroke} 22%, transparent)`,
    });
  }
  return {
    width,
    height: HEIGHT,
    series,
    bands,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false } },
    axes: [
      axisOf(chart.along, formatPlace),
      axisOf('', chart.shares ? (value) => formatPercent(value, 0) : formatNumber),
    ],
    hooks: { setCursor: [(plot) => tell(now(), plot.cursor.idx)] },
  };
}

function axisOf(label: string, format: (value: number) => string): uPlot.Axis {
  const [dim, line] = [variable('--dim'), variable('--line')];
  return {
    stroke: dim,
    font: '12px system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    values: (_, splits) => splits.map((value) => (value === null ? '' : format(value))),
    ...(label ? { label, labelFont: '12px system-ui, sans-serif', labelSize: 18, size: 34 } : { size: 58 }),
  };
}

/** Places are whole: there is no half epoch. */
function formatPlace(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : '';
}

function colourOf({ network }: ChartLine): string {
  return variable(network === undefined ? '--ink' : `--c${network % COLOURS}`);
}

function variable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Says the values beneath the pointer. */
function tell({ id, along, places, lines, shares }: Chart, index: number | null | undefined): void {
  const place = document.querySelector(`[data-readout="${id}"]`);
  if (!place) return;
  if (index === null || index === undefined) {
    place.textContent = '\u00a0';
    return;
  }
  const format = (value: number | null | undefined) => {
    if (value === null || value === undefined) return '-';
    return shares ? formatPercent(value) : formatNumber(value);
  };
  place.textContent = `${along} ${places[index]}: ${lines.map(({ label, values }) => `${label} ${format(values[index])}`).join('; ')}`;
}
