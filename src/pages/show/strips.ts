import { toHtml } from '../../util/markup.js';
import { COLOURS } from './charts.js';

/** A share by point that is drawn in a colour, the first at the bottom. */
export interface Layer {
  readonly colour: number;
  readonly shares: readonly number[];
}

/** Shares over time, one on the other, as a strip that is as wide as the page. */
export function strip(layers: readonly Layer[], label: string): string {
  const points = layers[0]?.shares.length ?? 0;
  const base = new Array<number>(points).fill(0);
  const paths = layers.map(({ colour, shares }) => {
    const top = base.map((from, i) => Math.min(1, from + (shares[i] ?? 0)));
    const path = areaBetween(base, top);
    base.splice(0, points, ...top);
    return `<path class="c${colour % COLOURS}" d="${path}"/>`;
  });
  return `<svg class="strip" viewBox="0 0 ${points} 100" preserveAspectRatio="none" role="img" aria-label="${toHtml(label)}">${paths.join('')}</svg>`;
}

/** Steps from left to right along the top, and back along the bottom; equal neighbours are one step. */
function areaBetween(bottom: readonly number[], top: readonly number[]): string {
  const y = (share: number) => Math.round(100 * (1 - share));
  const there = corners(top.map(y), false);
  const back = corners(bottom.map(y), true);
  return `M0 ${y(bottom[0] ?? 0)}${there}${back}Z`;
}

function corners(heights: readonly number[], backwards: boolean): string {
  const runs: { height: number; from: number; to: number }[] = [];
  for (const [i, height] of heights.entries()) {
    const last = runs.at(-1);
    if (last?.height === height) last.to = i + 1;
    else runs.push({ height, from: i, to: i + 1 });
  }
  const ordered = backwards ? runs.reverse() : runs;
  return ordered
    .map(({ height, from, to }) =>
      backwards ? `L${to} ${height}L${from} ${height}` : `L${from} ${height}L${to} ${height}`,
    )
    .join('');
}

/** Moments over time as a strip of lines. */
export function markStrip(
  marks: readonly { readonly at: number; readonly kind: string }[],
  length: number,
  label: string,
): string {
  const lines = marks.map(({ at, kind }) => `<line class="${kind}" x1="${at}" x2="${at}" y1="0" y2="100"/>`);
  return `<svg class="strip marks" viewBox="0 0 ${length} 100" preserveAspectRatio="none" role="img" aria-label="${toHtml(label)}">${lines.join('')}</svg>`;
}
