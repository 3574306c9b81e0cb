import { at } from '../../util/checked.js';
import { toHtml } from '../../util/markup.js';
import type { Summary } from '../results/statistics.js';
import { axisText, CHARACTER_WIDTH, round, svgFigure } from './svg.js';
import { ticksAround } from './ticks.js';

/** A row of a figure. */
export interface Mark {
  readonly label: string;
  readonly summary: Summary;
}

export interface FigureOptions {
  /** What the axis measures, in a few words with the unit, and all that is to be said of it. */
  readonly axis: string;
  readonly caption: string;
  /** The text of a tick. */
  readonly format: (value: number) => string;
  /** Whether zero is on the axis, with a line of its own. */
  readonly zero: boolean;
}

// In the figure's own units, which are pixels where the page is wide enough.
const PLOT_WIDTH = 640;
const ROW_HEIGHT = 24;
const AXIS_HEIGHT = 48;
const PADDING = 30;
const CAP = 4;

/** Means as dots and 95 % intervals as whiskers, an HTML figure: a row for each mark, over one axis. */
export function figure(marks: readonly Mark[], { axis, caption, format, zero }: FigureOptions): string {
  if (marks.length === 0) return '';
  const ends = marks.flatMap(({ summary }) => [summary.mean, ...(summary.interval ?? []), ...(zero ? [0] : [])]);
  const ticks = ticksAround(Math.min(...ends), Math.max(...ends));
  const [low, high] = [at(ticks, 0), at(ticks, ticks.length - 1)];
  const left = Math.ceil(Math.max(...marks.map(({ label }) => label.length)) * CHARACTER_WIDTH) + PADDING;
  const x = (value: number) => round(left + ((value - low) / (high - low)) * PLOT_WIDTH);
  const bottom = marks.length * ROW_HEIGHT;
  const [width, height] = [left + PLOT_WIDTH + PADDING, bottom + AXIS_HEIGHT];
  const parts = [
    ...ticks.map(
      (tick) => `<line class="${zero && tick === 0 ? 'zero' : 'grid'}" ${span(x(tick), 0, x(tick), bottom)}/>`,
    ),
    ...ticks.map((tick) => axisText(x(tick), bottom + 17, format(tick))),
    axisText(left + PLOT_WIDTH / 2, bottom + 38, axis),
    ...marks.map((mark, i) => row(mark, x, (i + 0.5) * ROW_HEIGHT, left - PADDING / 2)),
  ];
  const text = `${caption}. Dots: means over the seeds; lines: their 95 % intervals.`;
  return svgFigure(parts, width, height, caption, text);
}

function row({ label, summary }: Mark, x: (value: number) => number, y: number, end: number): string {
  const { mean, interval } = summary;
  const text = `<text x="${end}" y="${y + 4}" text-anchor="end">${toHtml(label)}</text>`;
  const dot = `<circle cx="${x(mean)}" cy="${y}" r="4"/>`;
  if (!interval) return text + dot;
  const [from, to] = [x(interval[0]), x(interval[1])];
  const lines = [span(from, y, to, y), span(from, y - CAP, from, y + CAP), span(to, y - CAP, to, y + CAP)];
  return text + lines.map((line) => `<line class="mark" ${line}/>`).join('') + dot;
}

function span(x1: number, y1: number, x2: number, y2: number): string {
  return `x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"`;
}
