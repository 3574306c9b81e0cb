import { formatCount, formatLoss, formatNumber, formatNumberOf, formatPercent } from '../report/format.js';
import { labelNetworks } from '../report/labels.js';
import { type Colors, colorsFor, widthOf } from '../report/output.js';
import { type Column, renderTable } from '../report/table.js';
import type { Lineage } from '../train/lineage-file.js';
import type { LineagePart, LineageSummary } from '../train/lineage-summary.js';
import type { CliIo } from './io.js';

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
    `${formatNumberOf(lineage.steps.length, 'step')}${lost > 0 ? `, of which ${formatCount(lost)} are not known` : ''}`,
    '',
    epochTable(summary, colors),
    '',
    ...strip(lineage, labels, widthOf(stdout), colors),
    ...perturbationTables(summary.total, colors),
  ];
}

function epochTable({ networks, epochs, total }: LineageSummary, colors: Colors): string {
  const right = (title: string): Column => ({ title, align: 'right' });
  const columns = [
    right('epoch'),
    ...networks.map((_, i) => right(`won #${i}`)),
    right('role changes'),
    right('margin'),
    ...networks.map((_, i) => right(`KL to #${i}`)),
    ...['input', 'parameters', 'kept'].map(right),
  ];
  const rows = [...epochs.map((part) => cellsOf(String(part.epoch + 1), part)), cellsOf('all', total)];
  return renderTable(columns, rows, colors);
}

function cellsOf(epoch: string, { won, roleChanges, margin, klMass, perturbations }: LineagePart): string[] {
  const { input, parameters } = perturbations;
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return [
    epoch,
    ...won.map((share) => formatPercent(share, 0)),
    formatCount(roleChanges),
    formatLoss(margin),
    ...klMass.map(formatNumber),
    formatCount(sum(input.map(({ fired }) => fired))),
    formatCount(sum(parameters.map(({ fired }) => fired))),
    formatCount(sum(parameters.map(({ kept }) => kept))),
  ];
}

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
  return [colors.dim('who was ahead, from the first step to the last'), cells.join(''), legend];
}

function perturbationTables({ perturbations }: LineagePart, colors: Colors): string[] {
  const { input, parameters } = perturbations;
  const right = (title: string): Column => ({ title, align: 'right' });
  const inputColumns = [{ title: 'input' }, ...['fired', 'won', 'difference'].map(right)];
  const inputRows = input.map(({ operation, fired, won, difference }) => {
    return [operation, formatCount(fired), formatCount(won), formatNumber(difference)];
  });
  const columns = [{ title: 'parameters' }, ...['fired', 'kept', 'rolled back', 'gain'].map(right)];
  const rows = parameters.map(({ operation, fired, kept, rolledBack, gain }) => {
    return [operation, ...[fired, kept, rolledBack].map(formatCount), gain === null ? '-' : formatNumber(gain)];
  });
  return [
    ...(inputRows.length > 0 ? ['', renderTable(inputColumns, inputRows, colors)] : []),
    ...(rows.length > 0 ? ['', renderTable(columns, rows, colors)] : []),
  ];
}
