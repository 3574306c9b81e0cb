import { formatLoss, formatNumber, formatPercent } from '../../report/format.js';
import type { ReportData } from '../content/report-data.js';
import { chartFigure, chartsOf } from './charts.js';
import { type Cell, details, nameHtml, section, table } from './html.js';

/** Loss, accuracy and learning rate over time, as charts and as numbers. */
export function curvesSection(data: ReportData): string {
  const charts = chartsOf(data);
  if (charts.length === 0) return '';
  const figures = `<div class="charts">${charts.map(chartFigure).join('\n')}</div>`;
  const numbers = data.epochs.length > 0 ? details('Numbers of every epoch', epochTable(data)) : '';
  return section('curves', 'Curves', figures, numbers);
}

function epochTable({ epochs, networks, task }: ReportData): string {
  const rows = epochs.flatMap(({ epoch, lr, networks: own }) => {
    return own.map(({ loss, accuracy, won, validation }, i): Cell[] => [
      String(epoch + 1),
      nameHtml(networks[i]?.label ?? ''),
      formatNumber(lr),
      loss === null ? '-' : formatLoss(loss),
      formatPercent(accuracy ?? Number.NaN),
      validation ? formatLoss(validation.loss) : '-',
      formatPercent((task === 'multi-label' ? validation?.map : validation?.accuracy) ?? Number.NaN),
      formatPercent(won, 0),
    ]);
  });
  const score = task === 'multi-label' ? 'Validation mAP' : 'Validation accuracy';
  return table({
    caption: 'Every epoch and network',
    head: [
      'Epoch',
      'Network',
      'Learning rate',
      'Training loss',
      'Training accuracy',
      'Validation loss',
      score,
      'Steps won',
    ],
    rows,
    textColumns: [0, 1],
  });
}
