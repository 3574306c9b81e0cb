import { formatPercent } from '../../report/format.js';
import type { Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import { confusedPairs } from '../answers/confusion.js';
import { CLASS_ORDERS } from './class-order.js';
import { type Cell, nameHtml, section, table } from './html.js';
import { subjectChoice } from './subject-choice.js';

/** Pairs of classes that are listed. */
const LISTED = 12;

/** Which class was taken for which; the client draws the matrix. */
export function confusionSection(assessment: Assessment, subject: number): string {
  if (assessment.task === 'multi-label') return '';
  const orders = Object.entries(CLASS_ORDERS).map(([order, text]) => `<option value="${order}">${text}</option>`);
  const controls = `<div class="controls">${subjectChoice(assessment, subject, 'confusion')} <label>Classes <select id="class-order" data-order>${orders.join('')}</select></label></div>`;
  const hint = '<p class="dim screen">Choose a cell to see its images: by click, or by the arrow keys and Enter.</p>';
  return section(
    'confusion',
    'Confusion matrix',
    controls,
    '<div data-matrix></div>',
    hint,
    '<p class="status" role="status" data-cell-status></p><div class="pictures" data-cell-pictures></div>',
    pairTable(assessment, subject),
  );
}

function pairTable({ subjects, classes }: Assessment, subject: number): string {
  const { confusion, perClass } = at(subjects, subject);
  const pairs = confusedPairs(confusion);
  if (pairs.length === 0) return '<p>There is no mistake.</p>';
  const part = (own: number, count: number) => {
    return `${count} of ${perClass[own]?.support ?? 0} (${formatPercent(count / (perClass[own]?.support || 1), 0)})`;
  };
  const rows = pairs
    .slice(0, LISTED)
    .map(({ classes: [a, b], counts: [there, back] }): Cell[] => [
      `${nameHtml(at(classes, a), 40)} and ${nameHtml(at(classes, b), 40)}`,
      String(there + back),
      part(a, there),
      part(b, back),
    ]);
  const caption = pairs.length > LISTED ? `The ${LISTED} most confused pairs of ${pairs.length}` : 'Confused pairs';
  return table({ caption, head: ['Classes', 'Mistakes', 'First taken for second', 'Second taken for first'], rows });
}
