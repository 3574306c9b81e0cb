import { toHtml } from '../../util/markup.js';

/** In pixels: no less than a character of a label takes. */
export const CHARACTER_WIDTH = 7.8;

export const round = (value: number) => Number(value.toFixed(1));

/** A figure of SVG elements with its caption beneath; `name` is what it shows, for those who don't see it. */
export function svgFigure(
  parts: readonly string[],
  width: number,
  height: number,
  name: string,
  caption: string,
): string {
  const svg = `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${toHtml(name)}">${parts.join('')}</svg>`;
  return `<figure>${svg}<figcaption class="dim">${toHtml(caption)}</figcaption></figure>`;
}

/** The text of an axis. */
export function axisText(x: number, y: number, text: string, anchor: 'middle' | 'end' = 'middle'): string {
  return `<text class="dim" x="${x}" y="${y}" text-anchor="${anchor}">${toHtml(text)}</text>`;
}
