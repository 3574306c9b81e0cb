import { ticksAround } from '../../compare/page/ticks.js';
import { labelNetworks } from '../../report/labels.js';
import type { FoundRates } from '../../run/find-rate.js';
import { at } from '../../util/checked.js';
import { toHtml } from '../../util/markup.js';

const [WIDTH, HEIGHT] = [720, 420];
const PLOT = { left: 64, top: 36, right: 24, bottom: 56 };
const COLOURS = ['#3b82d0', '#d9576a', '#2f9e63', '#c08a1e', '#8b62c9', '#18a0ad'];
/** The losses that are shown above the lowest, in parts of what the loss falls by: a diverging one leaves the figure. */
const HEADROOM = 1.6;

/** The curves of a range test as an SVG image: smoothed losses over the learning rate, with the suggested rates marked. */
export function rateFigure({ rates, networks, suggestion }: FoundRates): string {
  const labels = labelNetworks(networks);
  const all = networks.flatMap(({ smoothed }) => smoothed.filter(Number.isFinite));
  const [lowest, first] = [Math.min(...all), Math.max(...networks.map(({ smoothed }) => at(smoothed, 0)))];
  const highest = Math.min(Math.max(...all), lowest + HEADROOM * Math.max(first - lowest, 0.1 * Math.abs(first)));
  const ticks = ticksAround(lowest, highest);
  const [bottom, top] = [at(ticks, 0), at(ticks, ticks.length - 1)];
  const decades = decadesOf(at(rates, 0), at(rates, rates.length - 1));
  const [least, most] = [at(decades, 0), at(decades, decades.length - 1)];
  const [right, floor] = [WIDTH - PLOT.right, HEIGHT - PLOT.bottom];
  const x = (rate: number) => round(PLOT.left + ((Math.log10(rate) - least) / (most - least)) * (right - PLOT.left));
  const y = (loss: number) => round(floor - ((loss - bottom) / (top - bottom)) * (floor - PLOT.top));
  const vertical = (rate: number, style: string) =>
    `<line x1="${x(rate)}" y1="${PLOT.top}" x2="${x(rate)}" y2="${floor}" ${style}/>`;
  const parts = [
    '<rect width="100%" height="100%" fill="white"/>',
    ...ticks.map((tick) => `<line x1="${PLOT.left}" y1="${y(tick)}" x2="${right}" y2="${y(tick)}" stroke="#ddd"/>`),
    ...ticks.map((tick) => text(PLOT.left - 8, y(tick) + 4, String(tick), 'end')),
    ...decades.map((power) => vertical(10 ** power, 'stroke="#ddd"')),
    ...decades.map((power) => text(x(10 ** power), floor + 18, formatPower(power))),
    text((PLOT.left + right) / 2, HEIGHT - 12, 'learning rate'),
    `<g transform="translate(16 ${(PLOT.top + floor) / 2}) rotate(-90)">${text(0, 0, 'loss, smoothed')}</g>`,
    ...(suggestion === undefined ? [] : [vertical(suggestion, 'stroke="#555" stroke-dasharray="4 4"')]),
    ...(suggestion === undefined ? [] : [text(x(suggestion), PLOT.top - 8, `--lr ${formatRate(suggestion)}`)]),
    ...networks.map(({ smoothed }, i) => curve(rates, smoothed, { x, y, top, colour: colourOf(i) })),
    ...networks.flatMap(({ smoothed, suggested }, i) => {
      if (!suggested) return [];
      const loss = at(smoothed, suggested.steepestStep);
      return [`<circle cx="${x(suggested.steepest)}" cy="${y(loss)}" r="5" fill="${colourOf(i)}"/>`];
    }),
    ...labels.map((label, i) => legend(label, i, floor - 16 - 20 * (labels.length - 1 - i))),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="13">${parts.join('')}</svg>\n`;
}

/** `0.0032` */
export function formatRate(rate: number): string {
  return String(Number(rate.toPrecision(2)));
}

function colourOf(i: number): string {
  return at(COLOURS, i % COLOURS.length);
}

/** Powers of ten around two rates. */
function decadesOf(from: number, to: number): number[] {
  const [first, last] = [Math.floor(Math.log10(from) + 1e-9), Math.ceil(Math.log10(to) - 1e-9)];
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, i) => first + i);
}

function formatPower(power: number): string {
  return power >= -3 ? String(Number((10 ** power).toPrecision(1))) : `1e${power}`;
}

interface Scales {
  readonly x: (rate: number) => number;
  readonly y: (loss: number) => number;
  readonly top: number;
  readonly colour: string;
}

/** A line up to where it leaves the figure. */
function curve(rates: readonly number[], smoothed: readonly number[], { x, y, top, colour }: Scales): string {
  const end = smoothed.findIndex((loss) => !(loss <= top));
  const shown = end < 0 ? smoothed : smoothed.slice(0, end);
  const points = shown.map((loss, i) => `${x(at(rates, i))},${y(loss)}`).join(' ');
  return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`;
}

function legend(label: string, i: number, row: number): string {
  const left = PLOT.left + 12;
  const sample = `<line x1="${left}" y1="${row}" x2="${left + 24}" y2="${row}" stroke="${colourOf(i)}" stroke-width="2"/>`;
  return sample + text(left + 32, row + 4, label, 'start');
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end' = 'middle'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${toHtml(content)}</text>`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
