import { logScale, type Scale } from './scale.js';
import { element, polyline, type Svg, text } from './svg.js';

interface XY {
  readonly x: number;
  readonly y: number;
}

export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly XY[];
  /** Drawn dashed, to compare with; what is outside the points' own range is cut off. */
  readonly reference: readonly XY[];
}

export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly curves: readonly Curve[];
}

export const PANEL = { width: 280, height: 250 };
const BOX = { left: 52, right: 268, top: 30, bottom: 204 };
/** A white rim, so that a line behind a text doesn't cross its letters. */
const HALO = { stroke: 'white', 'stroke-width': 4, 'paint-order': 'stroke' };
const GRID = { stroke: '#e4e4e4' };

/** One panel with both axes logarithmic: ticks on x are the points' own values. */
export function drawPanel({ title, xLabel, curves }: Panel): Svg[] {
  const points = curves.flatMap((curve) => curve.points);
  const x = logScale(
    points.map((point) => point.x),
    BOX.left,
    BOX.right,
  );
  const y = logScale(
    points.map((point) => point.y),
    BOX.bottom,
    BOX.top,
  );
  const values = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  return [
    text(title, { x: BOX.left, y: 18, 'font-size': 13, 'font-weight': 'bold' }),
    ...xAxis(values, x, xLabel),
    ...yAxis(y),
    element('rect', {
      x: BOX.left,
      y: BOX.top,
      width: BOX.right - BOX.left,
      height: BOX.bottom - BOX.top,
      fill: 'none',
      stroke: '#888',
    }),
    ...curves.flatMap((curve) => drawCurve(curve, x, y)),
    ...legend(curves),
  ];
}

function xAxis(values: readonly number[], { at }: Scale, label: string): Svg[] {
  const ticks = values.flatMap((value) => [
    element('line', { x1: at(value), x2: at(value), y1: BOX.top, y2: BOX.bottom, ...GRID }),
    text(String(value), { x: at(value), y: BOX.bottom + 15, 'text-anchor': 'middle' }),
  ]);
  const middle = (BOX.left + BOX.right) / 2;
  return [...ticks, text(label, { x: middle, y: BOX.bottom + 32, 'text-anchor': 'middle', 'font-weight': 'bold' })];
}

function yAxis({ at, ticks }: Scale): Svg[] {
  return ticks.flatMap((tick) => [
    element('line', { x1: BOX.left, x2: BOX.right, y1: at(tick), y2: at(tick), ...GRID }),
    text(tick.toLocaleString('en-US'), { x: BOX.left - 6, y: at(tick) + 4, 'text-anchor': 'end' }),
  ]);
}

function drawCurve({ colour, points, reference }: Curve, x: Scale, y: Scale): Svg[] {
  const place = (at: XY) => [x.at(at.x), y.at(at.y)] as const;
  return [
    polyline(clip(reference.map(place)), { stroke: colour, 'stroke-dasharray': '4 4', opacity: 0.6 }),
    polyline(points.map(place), { stroke: colour, 'stroke-width': 2 }),
    ...points.map((point) => element('circle', { cx: x.at(point.x), cy: y.at(point.y), r: 3, fill: colour })),
  ];
}

/** The part of a line, from its first point on, that is inside the box: a straight cut at its upper or lower edge. */
function clip(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const inside = ([, y]: readonly [number, number]) => y >= BOX.top && y <= BOX.bottom;
  const out = points.findIndex((point) => !inside(point));
  const [last, next] = [points[out - 1], points[out]];
  if (!last || !next) return out === 0 ? [] : [...points];
  const edge = next[1] < BOX.top ? BOX.top : BOX.bottom;
  const share = (edge - last[1]) / (next[1] - last[1]);
  return [...points.slice(0, out), [last[0] + share * (next[0] - last[0]), edge]];
}

function legend(curves: readonly Curve[]): Svg[] {
  return curves.map(({ name, colour }, i) =>
    text(name, { x: BOX.left + 8, y: BOX.top + 16 + 14 * i, fill: colour, 'font-weight': 'bold', ...HALO }),
  );
}
