import uPlot from 'uplot';
import { formatNumber, formatPercent } from '../../report/format.js';
import { type Chart, type ChartLine, COLOURS } from '../show/charts.js';
import { all } from './state.js';

const HEIGHT = 260;
/** Pixels of a chart on paper. */
const PAPER_WIDTH = 620;

const plots = new Map<Element, uPlot>();
const widths = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const width = Math.floor(contentRect.width);
    if (width > 0 && !isPrinting()) plots.get(target)?.setSize({ width, height: HEIGHT });
  }
});

const isPrinting = () => document.documentElement.classList.contains('printing');

/** Draws those of the charts whose places are under an element. */
export function drawPlots(root: Element, charts: readonly Chart[]): void {
  for (const [place, plot] of plots) {
    if (place.isConnected && !root.contains(place)) continue;
    plot.destroy();
    widths.unobserve(place);
    plots.delete(place);
  }
  for (const place of all<HTMLElement>(root, '[data-chart]')) {
    const chart = charts.find(({ id }) => id === place.dataset.chart);
    if (!chart) continue;
    const width = isPrinting() ? PAPER_WIDTH : Math.max(200, Math.floor(place.clientWidth));
    plots.set(place, new uPlot(optionsOf(chart, width), valuesOf(chart), place));
    widths.observe(place);
  }
}

function valuesOf({ places, lines }: Chart): uPlot.AlignedData {
  const values = lines.flatMap((line) => [[...line.values], ...(line.between ?? []).map((each) => [...each])]);
  return [[...places], ...values] as uPlot.AlignedData;
}

function optionsOf(chart: Chart, width: number): uPlot.Options {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of chart.lines) {
    const stroke = colourOf(line);
    series.push({
      stroke,
      width: 2,
      ...(line.dashed && { dash: [5, 4] }),
      points: { show: chart.places.length < 3 },
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
    hooks: { setCursor: [(plot) => tell(chart, plot.cursor.idx)] },
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
