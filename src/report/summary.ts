import type { EndEvent, EvaluatedEpoch, StartEvent } from '../events/events.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { formatPercent, hasTop5, printable } from './format.js';
import { labelled } from './header.js';
import { labelNetworks } from './labels.js';
import type { Colors } from './output.js';

/** The result of a run: what all networks and their ensemble do, who won, and where the model is. */
export function summaryLines(
  { winner, best, last, model, parity }: EndEvent,
  start: Pick<StartEvent, 'networks' | 'data'> | undefined,
  columns: number,
  colors: Colors,
): string[] {
  const labels = labelNetworks(start?.networks ?? []);
  const withTop5 = hasTop5(start?.data.classes.length ?? 0);
  const row = (label: string, ...parts: string[]) => labelled(label, parts, columns, colors);
  const measured = best.test ? 'test' : best.validation ? 'validation' : 'measured';
  const table =
    measured === 'measured'
      ? ['nothing: there is no test split']
      : resultTable(labels, winner.index, { best, last, withTop5 }, colors);
  const chosen = best.validation
    ? `by validation, at epoch ${best.epoch + 1}${best.validation.networks[winner.index]?.ema ? ' (EMA of its weights)' : ''}`
    : 'by training loss in the last epoch, as nothing was held out';
  return [
    ...row('winner', `${colors.bold(labels[winner.index] ?? winner.name)} ${chosen}`),
    ...table.map((line, i) => at(row(i === 0 ? measured : '', line), 0)),
    ...row('model', printable(model)),
    ...row('parity', `its logits differ from the trainer's by ${parity.toExponential(1)} at most`),
  ];
}

/** A line for each network and the ensemble: top-1, top-5 and calibration error at the best and the last epoch. */
function resultTable(
  labels: readonly string[],
  winner: number,
  { best, last, withTop5 }: Readonly<Record<'best' | 'last', EvaluatedEpoch> & { withTop5: boolean }>,
  colors: Colors,
): string[] {
  const names = [...labels, ...(labels.length > 1 ? ['ensemble'] : [])];
  const width = Math.max(...names.map((name) => name.length));
  const epochs = best.epoch === last.epoch ? [best] : [best, last];
  const cells = (epoch: EvaluatedEpoch, i: number) => {
    const { networks, ensemble } = present(epoch.test ?? epoch.validation, 'an evaluation');
    const { accuracy, top5, ece } = networks[i] ?? ensemble;
    const middle = withTop5 ? ` ${formatPercent(top5).padStart(7)}` : '';
    return `${formatPercent(accuracy).padStart(6)}${middle} ${formatPercent(ece).padStart(7)}`;
  };
  const meanings = ["winner's best", 'last'];
  const head = epochs.map(({ epoch }, i) => `epoch ${epoch + 1}: ${meanings[i]}`.padEnd(withTop5 ? 24 : 16)).join('  ');
  const titles = epochs.map(() => (withTop5 ? ' top-1   top-5     ECE' : ' top-1     ECE')).join('   ');
  const lines = names.map((name, i) => {
    const text = `${name.padEnd(width)}  ${epochs.map((epoch) => cells(epoch, i)).join('   ')}`;
    return i === winner ? `${colors.bold(text)} ${colors.yellow('★')}` : text;
  });
  const padding = ' '.repeat(width + 2);
  return [...(epochs.length > 1 ? [padding + head.trimEnd()] : []), colors.dim(padding + titles), ...lines];
}
