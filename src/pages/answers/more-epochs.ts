import { scoreOf } from '../../events/evaluation.js';
import { formatPercent } from '../../report/format.js';
import { at } from '../../util/checked.js';
import type { Answer, ReportData } from '../content/report-data.js';

const QUESTION = 'Would more epochs help?';
/** Epochs of validation that are needed, and the part of them that counts as the last ones. */
const [LEAST, LAST_PART] = [5, 0.2];
/** By so much the loss must have fallen lately to be still improving, or have risen from its lowest to be overfitting. */
const [FALLEN, RISEN] = [0.02, 0.05];
/** A learning rate of less than this part of the highest hardly changes weights. */
const HARDLY = 0.05;

/** How validation went lately. */
export interface Trend {
  readonly kind: 'improving' | 'flat' | 'overfitting';
  /** How many epochs count as the last ones. */
  readonly window: number;
  /** Mean validation loss of the last epochs, of as many before them, and the lowest of as many in a row, with the first of those. */
  readonly last: number;
  readonly before: number;
  readonly lowest: number;
  readonly lowestFrom: number;
}

/** What validation losses say, one an epoch; undefined of too few. */
export function trendOf(losses: readonly number[]): Trend | undefined {
  if (losses.length < LEAST) return undefined;
  const window = Math.max(2, Math.round(losses.length * LAST_PART));
  const means = Array.from({ length: losses.length - window + 1 }, (_, i) => {
    return losses.slice(i, i + window).reduce((a, b) => a + b, 0) / window;
  });
  const last = at(means, means.length - 1);
  const before = at(means, Math.max(0, means.length - 1 - window));
  const lowest = Math.min(...means);
  const kind = last > lowest * (1 + RISEN) ? 'overfitting' : last < before * (1 - FALLEN) ? 'improving' : 'flat';
  return { kind, window, last, before, lowest, lowestFrom: means.indexOf(lowest) };
}

type Given = Pick<ReportData, 'epochs' | 'winner' | 'state' | 'best'>;

/** Whether more epochs would have helped, by the validation loss of the network that did best. */
export function moreEpochsAnswer(run: Given): Answer {
  const about = { section: 'curves', question: QUESTION };
  const { epochs } = run;
  const network = run.winner ?? leader(epochs);
  const losses = epochs.flatMap(({ networks }) => networks[network]?.validation?.loss ?? []);
  const trend = trendOf(losses);
  if (!trend) {
    const few = losses.length === 0 ? 'nothing was validated' : `${losses.length} validated epochs are too few`;
    return { ...about, answer: [`It can't be said: ${few}.`], detail: [`It takes ${LEAST}.`], tone: 'neutral' };
  }
  return {
    ...about,
    answer: [sayTrend(trend, run)],
    detail: [`${ruleOf(trend)} ${scheduleNote(epochs)}`.trim()],
    tone: trend.kind === 'flat' ? 'good' : 'attention',
  };
}

function leader(epochs: ReportData['epochs']): number {
  const scores = epochs.at(-1)?.networks.map(({ validation }) => (validation ? scoreOf(validation) : -1)) ?? [];
  return Math.max(0, scores.indexOf(Math.max(...scores)));
}

function sayTrend({ kind, window, last, before, lowest, lowestFrom }: Trend, { best, state }: Given): string {
  const change = (from: number) => formatPercent(Math.abs(last / from - 1));
  const soon = state === 'running' ? ' so far' : '';
  if (kind === 'improving')
    return `Probably${soon}: the validation loss fell by ${change(before)} over the last ${window} epochs.`;
  if (kind === 'flat') return `Hardly${soon}: the validation loss has been flat over the last ${window} epochs.`;
  const kept = best ? ` The model is from epoch ${best.epoch + 1}, where it validated best.` : '';
  return `No: it overfits. The validation loss has risen by ${change(lowest)} since epochs ${lowestFrom + 1} to ${lowestFrom + window}.${kept}`;
}

function ruleOf({ window, last, before, lowest }: Trend): string {
  return `The mean validation loss of the last ${window} epochs is ${last.toFixed(3)}, of the ${window} before ${before.toFixed(3)}, the lowest of ${window} in a row ${lowest.toFixed(3)}. More than ${formatPercent(RISEN, 0)} above the lowest is overfitting, more than ${formatPercent(FALLEN, 0)} below those before still improving, all else flat.`;
}

/** Where the rate has come down to nothing, loss is flat for that reason too. */
function scheduleNote(epochs: ReportData['epochs']): string {
  const rates = epochs.map(({ lr }) => lr);
  const [most, last] = [Math.max(...rates), at(rates, rates.length - 1)];
  if (last > HARDLY * most) return '';
  return 'The learning rate had come down to nearly nothing by then, so only a new run with more epochs could tell for sure.';
}
