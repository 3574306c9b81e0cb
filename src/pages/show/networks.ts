import type { Evaluation } from '../../events/evaluation.js';
import { formatCount, formatLoss, formatPercent } from '../../report/format.js';
import { measuresFor } from '../../report/measures.js';
import type { ReportData } from '../content/report-data.js';
import { nameHtml, section, table } from './html.js';

/** What all networks came to, on the splits that there are. */
export function networksSection(data: ReportData): string {
  const { best } = data;
  if (!best) return '';
  const tables = (['test', 'validation'] as const).flatMap((split) => {
    const measured = best[split];
    return measured ? [resultTable(data, split, measured)] : [];
  });
  return section('networks', 'Networks', ...tables);
}

function resultTable(
  { networks, winner, task, data, best, assessment }: ReportData,
  split: string,
  measured: { readonly networks: readonly Evaluation[]; readonly ensemble: Evaluation },
): string {
  const classes = assessment?.classes.length ?? data.classes.length;
  const measures = measuresFor(task, classes);
  const images = data.splits.find(({ name }) => name === split)?.images;
  const cellsOf = (evaluation: Evaluation) => [
    formatLoss(evaluation.loss),
    ...measures.map(({ key }) => formatPercent(Number(evaluation[key] ?? Number.NaN))),
  ];
  const rows = networks.map(({ label, parameters }, i) => {
    const evaluation = measured.networks[i];
    const star = i === winner ? ' <strong class="badge">winner</strong>' : '';
    const average = evaluation?.ema ? ' (moving average)' : '';
    const size = parameters === undefined ? '-' : formatCount(parameters);
    return [`${nameHtml(label)}${average}${star}`, size, ...(evaluation ? cellsOf(evaluation) : [])];
  });
  if (networks.length > 1) rows.push(['all together (ensemble)', '', ...cellsOf(measured.ensemble)]);
  const of = images === undefined ? `the ${split} split` : `${formatCount(images)} ${split} images`;
  return table({
    caption: `On ${of}, after epoch ${(best?.epoch ?? 0) + 1}`,
    head: ['Network', 'Parameters', 'Loss', ...measures.map(({ title }) => title)],
    rows,
  });
}
