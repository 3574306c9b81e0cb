import { formatPercent } from '../../report/format.js';
import type { Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import type { ReportData } from '../content/report-data.js';
import { type Cell, nameHtml, section, table } from './html.js';
import { subjectChoice } from './subject-choice.js';

/** Precision, recall and F1 of each class. */
export function classesSection({ data }: ReportData, assessment: Assessment, subject: number): string {
  const { subjects, classes } = assessment;
  const training = new Map(
    data.classes.map(({ name, counts }) => [name, counts[data.splits.findIndex((split) => split.name === 'train')]]),
  );
  const share = (value: number | null): Cell => ({
    html: value === null ? '-' : formatPercent(value),
    value: value ?? -1,
  });
  const rows = at(subjects, subject).perClass.map(({ support, precision, recall, f1 }, i): Cell[] => {
    const name = at(classes, i);
    const trained = training.get(name);
    return [
      { html: nameHtml(name), value: name },
      { html: trained === undefined ? '-' : String(trained), value: trained ?? -1 },
      { html: String(support), value: support },
      share(precision),
      share(recall),
      { html: f1 === null ? '-' : `${formatPercent(f1)} ${bar(f1)}`, value: f1 ?? -1 },
    ];
  });
  return section(
    'classes',
    'Classes',
    `<div class="controls">${subjectChoice(assessment, subject, 'classes')}</div>`,
    table({
      caption:
        'Precision: how much of what was said to be of the class is. Recall: how much of the class was found. F1 is high where both are.',
      head: ['Class', 'Training images', 'Images here', 'Precision', 'Recall', 'F1'],
      rows,
      sortable: true,
    }),
  );
}

function bar(share: number): string {
  return `<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="back" width="100" height="10"/><rect width="${Math.round(100 * share)}" height="10"/></svg>`;
}
