import type { EndEvent, EvaluatedEpoch, StartEvent } from '../events/events.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { formatNumberOf, formatPercent, printable } from './format.js';
import { labelled } from './header.js';
import { labelNetworks } from './labels.js';
import { measuresFor, type ShownMeasure } from './measures.js';
import type { Colors } from './output.js';

/** The result of a run: what all networks and their ensemble do, who won, and where the model is. */
export function summaryLines(
  end: EndEvent,
  start: Pick<StartEvent, 'networks' | 'data' | 'settings'> | undefined,
  columns: number,
  colors: Colors,
): string[] {
  const { winner, best, last, endedEarly, model } = end;
  const labels = labelNetworks(start?.networks ?? []);
  const measures = measuresFor(start?.settings.task ?? 'single-label', start?.data.classes.length ?? 0);
  const row = (label: string, ...parts: string[]) => labelled(label, parts, columns, colors);
  const measured = best.test ? 'test' : best.validation ? 'validation' : 'measured';
  const table =
    measured === 'measured'
      ? ['nothing: there is no test split']
      : resultTable(labels, winner.index, { best, last, measures }, colors);
  const chosen = best.validation
    ? `by validation, at epoch ${best.epoch + 1}${best.validation.networks[winner.index]?.ema ? ' (EMA of its weights)' : ''}`
    : 'by training loss in the last epoch, as nothing was held out';
  return [
    ...(endedEarly ? row('ended', earlyEnd(endedEarly)) : []),
    ...row('winner', `${colors.bold(labels[winner.index] ?? winner.name)} ${chosen}`),
    ...table.map((line, i) => at(row(i === 0 ? measured : '', line), 0)),
    ...row('model', printable(model)),
    ...row('parity', ...parityTexts(end)),
  ];
}

/** How far an exported model is from the network that was trained: of equal tensors, and of images that its graph prepares. */
export function parityTexts({ parity, preparation }: Pick<EndEvent, 'parity' | 'preparation'>): string[] {
  const logits = `its logits differ from the trainer's by ${parity.toExponential(1)} at most`;
  if (preparation === undefined) return [logits];
  return [logits, `probabilities of images that it prepares by ${preparation.toExponential(1)}`];
}

function earlyEnd({ epochs, of, patience }: NonNullable<EndEvent['endedEarly']>): string {
  return `after epoch ${epochs} of ${of}: no network validated better for ${formatNumberOf(patience, 'epoch')} (--patience)`;
}

/** A line for each network and the ensemble: their measures at the best and the last epoch. */
function resultTable(
  labels: readonly string[],
  winner: number,
  { best, last, measures }: Readonly<Record<'best' | 'last', EvaluatedEpoch> & { measures: readonly ShownMeasure[] }>,
  colors: Colors,
): string[] {
  const names = [...labels, ...(labels.length > 1 ? ['ensemble'] : [])];
  const width = Math.max(...names.map((name) => name.length));
  const epochs = best.epoch === last.epoch ? [best] : [best, last];
  const cells = (epoch: EvaluatedEpoch, i: number) => {
    const { networks, ensemble } = present(epoch.test ?? epoch.validation, 'an evaluation');
    const evaluation = networks[i] ?? ensemble;
    return inColumns(measures.map(({ key }) => formatPercent(evaluation[key] ?? Number.NaN)));
  };
  // The first is narrower, as it stands behind a gap
  const widths = measures.map(({ title }, m) => Math.max(title.length, m === 0 ? 6 : 7));
  const inColumns = (texts: readonly string[]) => texts.map((text, m) => text.padStart(at(widths, m))).join(' ');
  const titles = epochs.map(() => inColumns(measures.map(({ title }) => title))).join('   ');
  const across = inColumns(measures.map(() => '')).length;
  const meanings = ["winner's best", 'last'];
  const head = epochs.map(({ epoch }, i) => `epoch ${epoch + 1}: ${meanings[i]}`.padEnd(across + 2)).join('  ');
  const lines = names.map((name, i) => {
    const text = `${name.padEnd(width)}  ${epochs.map((epoch) => cells(epoch, i)).join('   ')}`;
    return i === winner ? `${colors.bold(text)} ${colors.yellow('★')}` : text;
  });
  const padding = ' '.repeat(width + 2);
  return [...(epochs.length > 1 ? [padding + head.trimEnd()] : []), colors.dim(padding + titles), ...lines];
}
