import { type Curve, drawPanel, PANEL, type Panel } from './panel.js';
import { element, type Svg, text } from './svg.js';

/** What the figure needs of a series. */
export interface FigureSeries {
  readonly axis: string;
  readonly name: string;
  readonly points: readonly {
    readonly x: number;
    readonly gflop: number;
    readonly step_ms: number;
    readonly rss_mb: number;
  }[];
}

const QUANTITIES = [
  { key: 'step_ms', title: 'Step time, ms' },
  { key: 'rss_mb', title: 'Peak memory, MB' },
] as const;
type Quantity = (typeof QUANTITIES)[number];

const COLOURS = ['#0072b2', '#d55e00', '#009e73'];
const CAPTION =
  'Both axes logarithmic. Dashed: in proportion to the work (multiply-adds of the step), from the first point.';

/** A figure of step time (above) and peak memory (below), a column for each axis. */
export function drawScaling(series: readonly FigureSeries[]): string {
  const axes = [...new Set(series.map(({ axis }) => axis))];
  const panels = QUANTITIES.flatMap((quantity, row) =>
    axes.map((axis, column) => {
      const panel = panelOf(
        series.filter((each) => each.axis === axis),
        axis,
        quantity,
      );
      const at = `translate(${column * PANEL.width} ${row * PANEL.height})`;
      return element('g', { transform: at }, drawPanel(panel));
    }),
  );
  const [width, height] = [axes.length * PANEL.width, QUANTITIES.length * PANEL.height + 28];
  return `${document(width, height, [...panels, text(CAPTION, { x: 12, y: height - 10, fill: '#444' })])}\n`;
}

function panelOf(series: readonly FigureSeries[], axis: string, { key, title }: Quantity): Panel {
  const curves = series.map(({ name, points }, i): Curve => {
    const [first] = points;
    return {
      name,
      colour: COLOURS[i % COLOURS.length] as string,
      points: points.map((point) => ({ x: point.x, y: point[key] })),
      reference: points.map(({ x, gflop }) => ({ x, y: ((first?.[key] ?? 1) * gflop) / (first?.gflop ?? 1) })),
    };
  });
  return { title, xLabel: axis, curves };
}

function document(width: number, height: number, content: readonly Svg[]): Svg {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    'font-family': 'Helvetica, Arial, sans-serif',
    'font-size': 11,
  };
  const title = element('title', {}, ['How the step time and the memory of a training step grow']);
  return element('svg', attributes, [title, element('rect', { width, height, fill: 'white' }), ...content]);
}
