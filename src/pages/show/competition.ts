import { formatCount, formatLoss, formatPercent } from '../../report/format.js';
import type { ReportData, ReportedTrial, Teaching } from '../content/report-data.js';
import { COLOURS } from './charts.js';
import { type Cell, details, nameHtml, section, table } from './html.js';
import { markStrip, strip } from './strips.js';

/** Who taught whom, who won, and what perturbations gained. */
export function competitionSection(data: ReportData): string {
  const { teaching, perturbations } = data;
  const parts = [
    ...(teaching ? [teachingFigure(data, teaching), teachingTable(data, teaching)] : []),
    ...perturbationParts(data, perturbations),
  ];
  return parts.length === 0 ? '' : section('competition', 'Competition', ...parts);
}

/** Who taught whom over time, as strips. */
export function teachingFigure(
  { networks, progress, perturbations }: Pick<ReportData, 'networks' | 'progress' | 'perturbations'>,
  { won, taught, steps, total }: Teaching,
): string {
  const labelOf = (i: number) => networks[i]?.label ?? '';
  const percent = (share: number | undefined) => formatPercent(share ?? 0, 0);
  const winners = `Steps won: ${networks.map(({ label }, i) => `${label} ${percent(total.won[i])}`).join(', ')}`;
  const rows = [
    row(
      'Had the lowest loss',
      strip(
        won.map((shares, colour) => ({ colour, shares })),
        winners,
      ),
    ),
    ...taught.map((teachers, student) => {
      const layers = teachers.map((shares, colour) => ({ colour, shares: scaled(shares, teachers) }));
      const told = teachers.flatMap((_, j) =>
        total.taught[student]?.[j] ? [`${labelOf(j)} in ${percent(total.taught[student]?.[j])}`] : [],
      );
      const label = `${labelOf(student)} was taught by ${told.join(', ') || 'nobody'} of the steps`;
      return row(`Teachers of ${nameHtml(labelOf(student), 30)}`, strip(layers, label));
    }),
    ...(perturbations.trials.length > 0 ? [row('Trials', trialStrip(perturbations.trials, steps))] : []),
  ];
  const legend = networks.map(
    ({ label }, i) => `<li><span class="swatch c${i % COLOURS}"></span>${nameHtml(label, 40)}</li>`,
  );
  const trialLegend =
    perturbations.trials.length > 0
      ? '<li><span class="swatch kept"></span>trial kept</li><li><span class="swatch rolled-back"></span>rolled back</li>'
      : '';
  const ends = `<div class="ends dim"><span>first step</span><span>step ${formatCount(steps)}${progress.epochs > 0 ? `, epoch ${progress.epochs}` : ''}</span></div>`;
  return `<figure class="band"><figcaption>Who taught whom over time: the colour is the teacher's, its height the share of the steps</figcaption><div class="rows">${rows.join('\n')}</div>${ends}<ul class="legend">${legend.join('')}${trialLegend}</ul></figure>`;
}

function row(label: string, content: string): string {
  return `<div class="label">${label}</div>${content}`;
}

/** Several teachers may teach in the same step: they share its height. */
function scaled(shares: readonly number[], all: readonly (readonly number[])[]): number[] {
  return shares.map((share, point) => {
    const sum = all.reduce((total, teacher) => total + (teacher[point] ?? 0), 0);
    return sum > 1 ? share / sum : share;
  });
}

function trialStrip(trials: readonly ReportedTrial[], steps: number): string {
  const kept = trials.filter((trial) => trial.kept).length;
  const marks = trials.map(({ step, kept: isKept }) => ({ at: step + 0.5, kind: isKept ? 'kept' : 'rolled-back' }));
  return markStrip(marks, steps, `${kept} of ${trials.length} trials were kept`);
}

function teachingTable({ networks }: ReportData, { total }: Teaching): string {
  const rows = networks.map(({ label }, student): Cell[] => [
    nameHtml(label),
    formatPercent(total.won[student] ?? 0),
    ...networks.map((_, teacher) => (teacher === student ? '' : formatPercent(total.taught[student]?.[teacher] ?? 0))),
  ]);
  const head = ['Network', 'Steps won', ...networks.map(({ label }) => `Taught by ${nameHtml(label, 30)}`)];
  return table({ caption: 'Shares of all steps', head, rows });
}

function perturbationParts(data: ReportData, { parameters, input, trials }: ReportData['perturbations']): string[] {
  const gain = (value: number | null) => (value === null ? '-' : formatLoss(value));
  const ofParameters = parameters.map(({ operation, fired, kept, rolledBack, diverged, gain: mean }): Cell[] => {
    return [operation, ...[fired, kept, rolledBack, diverged].map(formatCount), gain(mean)];
  });
  const ofInputs = input.map(({ operation, fired, won, difference }): Cell[] => {
    return [nameHtml(operation), formatCount(fired), formatCount(won), formatLoss(difference)];
  });
  return [
    ...(ofParameters.length > 0
      ? [
          table({
            caption: 'Perturbed parameters: a trial is kept where the network then had the lowest mean loss',
            head: ['Operation', 'Trials begun', 'Kept', 'Rolled back', 'Of these diverged', 'Mean gain'],
            rows: ofParameters,
          }),
        ]
      : []),
    ...(trials.length > 0 ? [details(`The last ${trials.length} trials`, trialTable(data, trials))] : []),
    ...(ofInputs.length > 0
      ? [
          table({
            caption: 'Perturbed batches: how often the perturbed network had the lowest loss all the same',
            head: ['Operation', 'Steps', 'Won', 'Mean loss above the best other'],
            rows: ofInputs,
          }),
        ]
      : []),
  ];
}

function trialTable({ networks }: ReportData, trials: readonly ReportedTrial[]): string {
  const rows = trials.map(({ step, network, operation, kept, gain }): Cell[] => [
    formatCount(step + 1),
    nameHtml(networks[network]?.label ?? ''),
    operation,
    kept ? 'kept' : 'rolled back',
    gain === null ? 'diverged' : formatLoss(gain),
  ]);
  return table({
    caption: 'Trials by the step in which they ended',
    head: ['Step', 'Network', 'Operation', 'Verdict', 'Gain'],
    rows,
    textColumns: [0, 1, 2, 3],
  });
}
