import type { EndEvent, NetworkInfo } from '../train/events.js';
import { formatLoss, formatPercent, printable } from './format.js';
import { labelled } from './header.js';
import { labelNetworks } from './labels.js';
import type { Colors } from './output.js';

/** The result of a run: who won, how well, and where the model is. */
export function summaryLines(
  { winner, bestEpoch, validation, test, model, parity }: EndEvent,
  networks: readonly NetworkInfo[],
  columns: number,
  colors: Colors,
): string[] {
  const labels = labelNetworks(networks);
  const name = labels[winner.index] ?? winner.name;
  const width = Math.max(...labels.map((label) => label.length));
  const tests = (test ?? []).map(({ accuracy, loss }, i) => {
    const text = `${(labels[i] ?? '').padEnd(width)}  ${formatPercent(accuracy).padStart(7)}  loss ${formatLoss(loss)}`;
    return i === winner.index ? `${colors.bold(text)} ${colors.yellow('★')}` : text;
  });
  const row = (label: string, ...parts: string[]) => labelled(label, parts, columns, colors);
  return [
    ...row('winner', `${colors.bold(name)} at epoch ${bestEpoch + 1}`),
    ...row('validated', `${colors.bold(formatPercent(validation.accuracy))}  loss ${formatLoss(validation.loss)}`),
    ...tests.flatMap((text, i) => row(i === 0 ? 'tested' : '', text)),
    ...row('model', printable(model)),
    ...row('parity', `its logits differ from the trainer's by ${parity.toExponential(1)} at most`),
  ];
}
