import { formatNumber, formatPercent } from '../../report/format.js';
import { toHtml } from '../../util/markup.js';
import type { ReportData } from '../content/report-data.js';
import { nameHtml } from './html.js';

/** A line of a chart. */
export interface ChartLine {
  readonly label: string;
  /** Index of its network, by which it is coloured; none has the colour of text. */
  readonly network?: number;
  readonly dashed?: boolean;
  readonly values: readonly (number | null)[];
  /** Lowest and highest of each point. */
  readonly between?: readonly [low: readonly (number | null)[], high: readonly (number | null)[]];
}

/** A chart of lines over the same places. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What the places are. */
  readonly along: string;
  readonly places: readonly number[];
  readonly lines: readonly ChartLine[];
  /** Whether values are shares, in [0, 1]. */
  readonly shares: boolean;
}

/** Of a network that is not labelled by its colour alone: lines over epochs of more than that are thinned out. */
const MOST_EPOCHS = 1000;

/** What curves are drawn of. */
export type ChartedData = Pick<ReportData, 'networks' | 'epochs' | 'task' | 'curves'>;

/** The charts that a run has data for. */
export function chartsOf(data: ChartedData): Chart[] {
  return [...epochCharts(data), ...stepCharts(data)].filter(({ places, lines }) => {
    return places.length > 0 && lines.some(({ values }) => values.some((value) => value !== null));
  });
}

type Epoch = ReportData['epochs'][number];

function epochCharts({ networks, epochs: all, task }: ChartedData): Chart[] {
  const stride = Math.ceil(all.length / MOST_EPOCHS);
  const epochs = all.filter((_, i) => (all.length - 1 - i) % stride === 0);
  const places = epochs.map(({ epoch }) => epoch + 1);
  const line = (
    network: number,
    label: string,
    of: (epoch: Epoch['networks'][number]) => number | null | undefined,
    dashed: boolean,
  ) => ({
    label: `${networks[network]?.label ?? ''}, ${label}`,
    network,
    dashed,
    values: epochs.map((epoch) => of(epoch.networks[network] ?? NOTHING) ?? null),
  });
  const pairs = (training: Of, validation: Of) => {
    return networks.flatMap((_, i) => [line(i, 'training', training, true), line(i, 'validation', validation, false)]);
  };
  const common = { along: 'epoch', places };
  const score = task === 'multi-label' ? 'Validation mean average precision' : 'Accuracy';
  const scores =
    task === 'multi-label'
      ? networks.map((_, i) => line(i, 'validation', validated, false))
      : pairs(({ accuracy }) => accuracy, validated);
  return [
    {
      ...common,
      id: 'loss',
      title: 'Loss',
      lines: pairs(
        ({ loss }) => loss,
        ({ validation }) => validation?.loss,
      ),
      shares: false,
    },
    { ...common, id: 'accuracy', title: score, lines: scores, shares: true },
  ];
}

type Of = (epoch: Epoch['networks'][number]) => number | null | undefined;
const NOTHING: Epoch['networks'][number] = { loss: null, accuracy: null, won: 0 };
const validated: Of = ({ validation }) => validation && (validation.map ?? validation.accuracy);

function stepCharts({ networks, curves }: ChartedData): Chart[] {
  if (!curves) return [];
  const places = curves.lr.mean.map((_, i) => i * curves.stepsEach + 1);
  const common = { along: 'step', places, shares: false };
  const lines = curves.loss.map(({ low, mean, high }, network): ChartLine => {
    const between = curves.stepsEach > 1 ? { between: [low, high] as const } : {};
    return { label: networks[network]?.label ?? '', network, values: mean, ...between };
  });
  const each = curves.stepsEach === 1 ? '' : ` (mean of ${curves.stepsEach} steps, shaded from lowest to highest)`;
  return [
    { ...common, id: 'step-loss', title: `Loss on the labels, step by step${each}`, lines },
    { ...common, id: 'rate', title: 'Learning rate', lines: [{ label: 'learning rate', values: curves.lr.mean }] },
  ];
}

/** A chart's place on the page; the client draws it. */
export function chartFigure(chart: Chart): string {
  const { id, title, lines } = chart;
  const legend = lines.map(({ label, network, dashed }) => {
    const kind = `${network === undefined ? 'ink' : `c${network % COLOURS}`}${dashed ? ' dashed' : ''}`;
    return `<li><svg class="sample ${kind}" viewBox="0 0 24 4" aria-hidden="true"><line x1="0" y1="2" x2="24" y2="2"/></svg>${nameHtml(label, 40)}</li>`;
  });
  return `<figure class="chart"><figcaption>${toHtml(title)}</figcaption>
<div class="plot" data-chart="${id}" role="img" aria-label="${toHtml(summaryOf(chart))}"></div>
${lines.length > 1 ? `<ul class="legend">${legend.join('')}</ul>` : ''}<p class="readout dim" aria-hidden="true" data-readout="${id}">&nbsp;</p></figure>`;
}

/** Networks beyond so many have the colours of the first ones. */
export const COLOURS = 8;

/** What a chart shows, for those who don't see it. */
export function summaryOf({ title, along, places, lines, shares }: Chart): string {
  const format = (value: number) => (shares ? formatPercent(value) : formatNumber(value));
  const told = lines.map(({ label, values }) => {
    const known = values.flatMap((value, i) => (value === null ? [] : [{ value, place: places[i] ?? 0 }]));
    const [first, last] = [known[0], known.at(-1)];
    if (!first || !last) return `${label}: no values`;
    const lowest = known.reduce((a, b) => (b.value < a.value ? b : a));
    const highest = known.reduce((a, b) => (b.value > a.value ? b : a));
    const end = shares
      ? `highest ${format(highest.value)} at ${along} ${highest.place}`
      : `lowest ${format(lowest.value)} at ${along} ${lowest.place}`;
    return `${label}: from ${format(first.value)} to ${format(last.value)}, ${end}`;
  });
  return `${title} by ${along}. ${told.join('; ')}.`;
}
