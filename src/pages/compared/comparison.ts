import type { Evaluation } from '../../events/evaluation.js';
import { formatDuration, formatLoss, formatPercent } from '../../report/format.js';
import { toHtml } from '../../util/markup.js';
import { wilson } from '../answers/interval.js';
import { range } from '../answers/said.js';
import type { ReportData } from '../content/report-data.js';
import { type Chart, type ChartLine, chartFigure } from '../show/charts.js';
import { type Cell, nameHtml, section, table } from '../show/html.js';

/** A run beside others. */
export interface ComparedRun {
  readonly data: ReportData;
  /** Address of its own report, if there is one. */
  readonly report?: string;
}

/** The charts of several runs, a line for each: of its winner, or of its best network so far. */
export function comparedCharts(runs: readonly ComparedRun[]): Chart[] {
  const most = Math.max(0, ...runs.map(({ data }) => data.epochs.length));
  const places = Array.from({ length: most }, (_, i) => i + 1);
  const lines = (of: (evaluation: Evaluation) => number): ChartLine[] => {
    return runs.map(({ data }, network) => {
      const chosen = bestNetwork(data);
      const values = places.map((_, i) => {
        const validation = data.epochs[i]?.networks[chosen]?.validation;
        return validation ? of(validation) : null;
      });
      return { label: data.name, network, values };
    });
  };
  const common = { along: 'epoch', places };
  const charts = [
    {
      ...common,
      id: 'score',
      title: 'Validation accuracy, or mean average precision',
      lines: lines(scored),
      shares: true,
    },
    { ...common, id: 'loss', title: 'Validation loss', lines: lines(({ loss }) => loss), shares: false },
  ];
  return charts.filter((chart) => chart.lines.some(({ values }) => values.some((value) => value !== null)));
}

function scored({ map, accuracy }: Evaluation): number {
  return map ?? accuracy;
}

function bestNetwork({ winner, epochs }: ReportData): number {
  if (winner !== undefined) return winner;
  const scores = epochs.at(-1)?.networks.map(({ validation }) => (validation ? scored(validation) : -1)) ?? [];
  return Math.max(0, scores.indexOf(Math.max(...scores)));
}

/** The body of a page that holds several runs against each other. */
export function renderComparison(runs: readonly ComparedRun[], charts: readonly Chart[]): string {
  const figures = `<div class="charts">${charts.map(chartFigure).join('\n')}</div>`;
  return `<header><p class="dim brand">Agon, several runs</p><h1>${runs.length} runs</h1></header>
<main>${[
    section(
      'runs',
      'Runs',
      measureTable(runs),
      '<p class="dim">One run of each says little about which settings are better: other seeds give other numbers. <code>agon compare</code> repeats them over seeds.</p>',
    ),
    ...(charts.length > 0
      ? [
          section(
            'curves',
            'Curves',
            '<p>Of each run its winner; of an unfinished one the network that is ahead.</p>',
            figures,
          ),
        ]
      : []),
    differenceSection(runs),
  ].join('\n')}</main>`;
}

function measureTable(runs: readonly ComparedRun[]): string {
  const rows = runs.map(({ data, report }): Cell[] => {
    const { split, images, evaluation } = measuredOf(data);
    const interval = evaluation && images ? range(wilson(evaluation.accuracy, images)) : '-';
    const share = (value: number | undefined): Cell => ({
      html: formatPercent(value ?? Number.NaN),
      value: value ?? -1,
    });
    const seconds = data.epochs.reduce((sum, each) => sum + each.seconds, 0);
    const name = nameHtml(data.name);
    return [
      { html: report === undefined ? name : `<a href="${toHtml(report)}">${name}</a>`, value: data.name },
      { html: data.networks.map(({ label }) => nameHtml(label, 30)).join(', '), value: data.networks.length },
      { html: `${data.progress.epochs} of ${data.progress.of}`, value: data.progress.epochs },
      { html: split, value: split },
      share(evaluation && scored(evaluation)),
      { html: interval, value: evaluation?.accuracy ?? -1 },
      { html: evaluation ? formatLoss(evaluation.loss) : '-', value: evaluation?.loss ?? -1 },
      share(evaluation?.ece),
      { html: formatDuration(seconds), value: seconds },
    ];
  });
  return table({
    caption: 'The winner of each run; the interval is of its accuracy, by the number of images',
    head: [
      'Run',
      'Networks',
      'Epochs',
      'Measured on',
      'Accuracy or mAP',
      '95 % interval',
      'Loss',
      'ECE',
      'Training time',
    ],
    rows,
    sortable: true,
    textColumns: [0, 1, 3],
  });
}

interface Measured {
  readonly split: string;
  readonly images?: number | undefined;
  readonly evaluation?: Evaluation | undefined;
}

function measuredOf(data: ReportData): Measured {
  const { best, epochs, winner = 0 } = data;
  const imagesOf = (split: string) => data.data.splits.find(({ name }) => name === split)?.images;
  if (!best)
    return {
      split: 'validation, last epoch',
      images: imagesOf('validation'),
      evaluation: epochs.at(-1)?.networks[bestNetwork(data)]?.validation,
    };
  const split = best.test ? 'test' : 'validation';
  return { split, images: imagesOf(split), evaluation: best[split]?.networks[winner] };
}

/** The settings in which the runs differ. */
function differenceSection(runs: readonly ComparedRun[]): string {
  const all = runs.map(({ data }) => new Map(data.settings.map(({ name, value }) => [name, value])));
  const names = [...new Set(all.flatMap((settings) => [...settings.keys()]))];
  const differing = names.filter((name) => new Set(all.map((settings) => settings.get(name))).size > 1);
  if (differing.length === 0) return section('differences', 'Settings that differ', '<p>None.</p>');
  const rows = differing.map((name) => [
    toHtml(name),
    ...all.map((settings) => nameHtml(settings.get(name) ?? '-', 80)),
  ]);
  const head = ['Setting', ...runs.map(({ data }) => nameHtml(data.name, 40))];
  const textColumns = head.map((_, i) => i);
  return section(
    'differences',
    'Settings that differ',
    table({ caption: 'All others are the same', head, rows, textColumns }),
  );
}
