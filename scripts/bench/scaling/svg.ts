/** A piece of SVG. */
export type Svg = string;
export type SvgAttributes = Readonly<Record<string, string | number>>;

/** An element; its content is not escaped. */
export function element(name: string, attributes: SvgAttributes, content: readonly Svg[] = []): Svg {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeText(format(value))}"`);
  const start = `<${name}${list.join('')}`;
  return content.length === 0 ? `${start}/>` : `${start}>${content.join('\n')}</${name}>`;
}

/** A line of text. */
export function text(content: string, attributes: SvgAttributes): Svg {
  return element('text', attributes, [escapeText(content)]);
}

/** A line through points. */
export function polyline(points: readonly (readonly [number, number])[], attributes: SvgAttributes): Svg {
  const list = points.map((point) => point.map(format).join(',')).join(' ');
  return element('polyline', { points: list, fill: 'none', ...attributes });
}

function format(value: string | number): string {
  return typeof value === 'number' ? String(Number(value.toFixed(2))) : value;
}

function escapeText(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
