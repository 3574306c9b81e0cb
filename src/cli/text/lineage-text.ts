import type { Lineage } from '../../lineage/lineage-file.js';
import type { LineagePart, LineageSummary } from '../../lineage/lineage-summary.js';
import { formatCount, formatLoss, formatNumberOf, formatPercent } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { formatOrigin } from '../../report/origin.js';
import { type Colors, colorsFor, widthOf } from '../../report/output.js';
import { type Column, renderTable } from '../../report/table.js';
import type { CliIo } from '../io/io.js';

/** A run's lineage for a reader: a line for each epoch, who was ahead over the run, and how each perturbation did. */
export function lineageLines(
  lineage: Lineage,
  summary: LineageSummary,
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): string[] {
  const colors = colorsFor(stdout, env);
  const labels = labelNetworks(lineage.networks.map((name, index) => ({ name, index })));
  const lost = lineage.steps.length - summary.total.steps;
  return [
    ...(lineage.origin ? [`began from ${formatOrigin(lineage.origin)}`] : []),
    `${formatNumberOf(lineage.steps.length, 'step')}${lost > 0 ? `, of which ${formatCount(lost)} are not known` : ''}`,
    '',
    ...epochTable(summary, colors),
    '',
    ...strip(lineage, labels, widthOf(stdout), colors),
    ...inputTable(summary.total, colors),
    ...parameterTable(summary.total, colors),
  ];
}

/** A column of the epoch table, or one for each network, with what it means. */
interface EpochColumn {
  readonly titles: readonly string[];
  readonly meaning: string;
  readonly cells: (part: LineagePart) => readonly string[];
}

function epochTable({ networks, epochs, total }: LineageSummary, colors: Colors): string[] {
  const columns = epochColumns(networks, total);
  const right = (title: string): Column => ({ title, align: 'right' });
  const row = (epoch: string, part: LineagePart) => [epoch, ...columns.flatMap(({ cells }) => cells(part))];
  const rows = [...epochs.map((part) => row(String(part.epoch + 1), part)), row('all', total)];
  const heads = [right('epoch'), ...columns.flatMap(({ titles }) => titles.map(right))];
  const legend = columns.map(({ titles, meaning }) => [wordOf(titles[0] ?? ''), meaning] as const);
  return [renderTable(heads, rows, colors), ...explain(legend, colors)];
}

/** The columns that a run has something to say in. */
function epochColumns(networks: LineageSummary['networks'], total: LineagePart): EpochColumn[] {
  const each = (title: string) => networks.map((_, i) => `${title} #${i}`);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const columns: EpochColumn[] = [
    {
      titles: each('won'),
      meaning: 'share of the steps in which it had the lowest cross-entropy',
      cells: ({ won }) => won.map((share) => formatPercent(share, 0)),
    },
    {
      titles: ['changes'],
      meaning: 'steps with other teachers than the step before',
      cells: ({ roleChanges }) => [formatCount(roleChanges)],
    },
    {
      titles: ['margin'],
      meaning: 'cross-entropy of the second best less that of the best, mean of the steps',
      cells: ({ margin }) => [formatLoss(margin)],
    },
    {
      titles: each('KL'),
      meaning: 'divergence from its teachers of the group, summed over the steps (from a frozen one: kd in log.jsonl)',
      cells: ({ klMass }) => klMass.map(formatLoss),
    },
  ];
  const inputs: EpochColumn = {
    titles: ['inputs'],
    meaning: 'steps in which one network saw a perturbed batch',
    cells: ({ perturbations: { input } }) => [formatCount(sum(input.map(({ fired }) => fired)))],
  };
  const trials: EpochColumn = {
    titles: ['trials', 'kept'],
    meaning: 'of perturbed parameters that began, and that ended well',
    cells: ({ perturbations: { parameters } }) => [
      formatCount(sum(parameters.map(({ fired }) => fired))),
      formatCount(sum(parameters.map(({ kept }) => kept))),
    ],
  };
  const { input, parameters } = total.perturbations;
  return [...columns, ...(input.length > 0 ? [inputs] : []), ...(parameters.length > 0 ? [trials] : [])];
}

/** What headings mean, a line for each. */
function explain(legend: readonly (readonly [word: string, meaning: string])[], colors: Colors): string[] {
  const width = Math.max(...legend.map(([word]) => word.length));
  return legend.map(([word, meaning]) => colors.dim(`${word.padEnd(width)}  ${meaning}`));
}

/** A heading without a network's number. */
const wordOf = (title: string) => title.replace(/ #\d+$/, '');

const PAINTS = ['bgCyan', 'bgYellow', 'bgMagenta', 'bgGreen', 'bgBlue', 'bgRed'] as const;
const UNKNOWN = '·';

/** Who was ahead, from the run's first step to its last: each place stands for the network that won most of its steps. */
function strip({ steps, networks }: Lineage, labels: readonly string[], width: number, colors: Colors): string[] {
  const paint = (network: number) => {
    const color = PAINTS[network % PAINTS.length] ?? 'bgCyan';
    return colors.black(colors[color](network.toString(36)));
  };
  const places = Math.min(width, steps.length);
  const cells = Array.from({ length: places }, (_, place) => {
    const [first, end] = [place, place + 1].map((p) => Math.floor((p * steps.length) / places));
    const wins = networks.map((_, i) => steps.slice(first, end).filter((step) => step?.winner === i).length);
    const most = Math.max(...wins);
    return most > 0 ? paint(wins.indexOf(most)) : colors.dim(UNKNOWN);
  });
  const legend = labels.map((label, i) => `${paint(i)} ${label}`).join('   ');
  const scale =
    places < steps.length ? `; each place is who won most of ${Math.ceil(steps.length / places)} steps or so` : '';
  return [colors.dim(`who was ahead, from the first step to the last${scale}`), cells.join(''), legend];
}

function inputTable({ perturbations: { input } }: LineagePart, colors: Colors): string[] {
  if (input.length === 0) return [];
  const rows = input.map(({ operation, fired, won, difference }) => {
    return [operation, formatCount(fired), formatCount(won), formatLoss(difference)];
  });
  const legend = [
    ['won', 'steps in which the network had the lowest cross-entropy all the same'],
    ['behind', 'its cross-entropy less the lowest of the others, mean'],
  ] as const;
  return [
    '',
    renderTable(headings('perturbed inputs', 'fired', 'won', 'behind'), rows, colors),
    ...explain(legend, colors),
  ];
}

function parameterTable({ perturbations: { parameters } }: LineagePart, colors: Colors): string[] {
  if (parameters.length === 0) return [];
  const diverged = parameters.some((each) => each.diverged > 0);
  const rows = parameters.map((each) => {
    const counts = [each.fired, each.kept, each.rolledBack, ...(diverged ? [each.diverged] : [])];
    return [each.operation, ...counts.map(formatCount), each.gain === null ? '-' : formatLoss(each.gain)];
  });
  const legend: (readonly [string, string])[] = [
    ['gain', 'lowest cross-entropy of the others less its own over a trial, mean: kept above 0'],
  ];
  if (diverged)
    legend.unshift(['diverged', 'of those rolled back: at once, as a loss was not finite; they have no gain']);
  const counted = ['fired', 'kept', 'rolled back', ...(diverged ? ['diverged'] : [])];
  return [
    '',
    renderTable(headings('perturbed parameters', ...counted, 'gain'), rows, colors),
    ...explain(legend, colors),
  ];
}

function headings(first: string, ...others: readonly string[]): Column[] {
  return [{ title: first }, ...others.map((title): Column => ({ title, align: 'right' }))];
}
