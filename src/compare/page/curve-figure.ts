import { at } from '../../util/checked.js';
import { toHtml } from '../../util/markup.js';
import type { Curve } from '../results/curves.js';
import { axisText, CHARACTER_WIDTH, round, svgFigure } from './svg.js';
import { ticksAround } from './ticks.js';

// In the figure's own units, which are pixels where the page is wide enough.
const [WIDTH, HEIGHT] = [640, 240];
const [LEFT, TOP, BOTTOM] = [48, 8, 44];
const LEGEND = { gap: 24, sample: 24, row: 20 };
/** Seen on white and on black. */
const COLOURS = ['#3b82d0', '#d9576a', '#2f9e63', '#c08a1e', '#8b62c9', '#18a0ad', '#c8682c', '#8a8a8a'];
const DASHES = ['', '6 4', '2 3'];

/** Learning curves of one group's methods as an HTML figure. */
export function curveFigure(curves: readonly Curve[], caption: string): string {
  const epochs = Math.max(0, ...curves.map(({ accuracy }) => accuracy.length));
  if (epochs < 2) return '';
  const values = curves.flatMap(({ accuracy }) => accuracy.flatMap((value) => value ?? []));
  if (values.length === 0) return '';
  const ticks = ticksAround(Math.min(...values), Math.max(...values));
  const [low, high] = [at(ticks, 0), at(ticks, ticks.length - 1)];
  const x = (epoch: number) => round(LEFT + ((epoch - 1) / (epochs - 1)) * WIDTH);
  const y = (value: number) => round(TOP + ((high - value) / (high - low)) * HEIGHT);
  const whole = ticksAround(1, epochs).filter((tick) => Number.isInteger(tick) && tick >= 1 && tick <= epochs);
  const parts = [
    ...ticks.map((tick) => `<line class="grid" x1="${LEFT}" y1="${y(tick)}" x2="${LEFT + WIDTH}" y2="${y(tick)}"/>`),
    ...ticks.map((tick) => axisText(LEFT - 8, y(tick) + 4, String(tick), 'end')),
    ...whole.map((epoch) => axisText(x(epoch), TOP + HEIGHT + 18, String(epoch))),
    axisText(LEFT + WIDTH / 2, TOP + HEIGHT + 38, 'epoch'),
    ...curves.map((curve, i) => line(curve, i, x, y)),
  ];
  const longest = Math.max(...curves.map(({ method }) => method.length));
  const width = LEFT + WIDTH + LEGEND.gap + LEGEND.sample + 8 + Math.ceil(longest * CHARACTER_WIDTH);
  const height = Math.max(TOP + HEIGHT + BOTTOM, TOP + curves.length * LEGEND.row);
  return svgFigure(parts, width, height, caption, `${caption}.`);
}

/** A curve, and its row in the legend. */
function line({ method, accuracy }: Curve, i: number, x: (epoch: number) => number, y: (value: number) => number) {
  const points = accuracy.flatMap((value, epoch) => (value === null ? [] : `${x(epoch + 1)},${y(value)}`)).join(' ');
  const dash = DASHES[Math.floor(i / COLOURS.length) % DASHES.length];
  const style = `fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="2"${dash ? ` stroke-dasharray="${dash}"` : ''}`;
  const [from, row] = [LEFT + WIDTH + LEGEND.gap, TOP + (i + 0.5) * LEGEND.row];
  const sample = `<polyline points="${from},${row} ${from + LEGEND.sample},${row}" ${style}/>`;
  return `<polyline class="curve" points="${points}" ${style}/>${sample}<text x="${from + LEGEND.sample + 8}" y="${row + 4}">${toHtml(method)}</text>`;
}
