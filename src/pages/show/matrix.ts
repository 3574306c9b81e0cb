import type { Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import { type ClassOrder, orderClasses } from './class-order.js';
import { nameHtml, scrolling } from './html.js';

/** Shades of a cell. */
const SHADES = 8;
/** Matrices of more classes than the first have smaller cells, of more than the second cells without visible numbers. */
const [MANY, NUMEROUS] = [24, 45];

/** A confusion matrix: a row for each class of images, a column for each class that was said. Its cells are buttons. */
export function matrixHtml({ subjects, classes }: Assessment, subject: number, order: ClassOrder): string {
  const { confusion } = at(subjects, subject);
  const counts = new Map(confusion.map(([own, said, count]) => [own * classes.length + said, count]));
  const support = new Array<number>(classes.length).fill(0);
  for (const [own, , count] of confusion) support[own] = at(support, own) + count;
  const ordered = orderClasses(confusion, classes.length, order);
  const head = ordered.map((said) => `<th scope="col"><span>${nameHtml(at(classes, said), 24)}</span></th>`);
  const rows = ordered.map((own) => {
    const cells = ordered.map((said) =>
      cell(own, said, counts.get(own * classes.length + said) ?? 0, at(support, own)),
    );
    return `<tr><th scope="row">${nameHtml(at(classes, own), 24)}</th>${cells.join('')}</tr>`;
  });
  const kind = classes.length > NUMEROUS ? ' numerous' : classes.length > MANY ? ' many' : '';
  const caption = 'Rows: what images are. Columns: what was said.';
  const label = 'Confusion matrix';
  return scrolling(
    `<table class="matrix${kind}"><caption>${caption}</caption><thead><tr><td></td>${head.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
    label,
  );
}

function cell(own: number, said: number, count: number, support: number): string {
  if (count === 0) return own === said ? '<td class="d"></td>' : '<td></td>';
  // The root: single mistakes are to be seen too
  const shade = Math.max(1, Math.ceil(SHADES * Math.sqrt(count / support)));
  return `<td class="${own === said ? 'd ' : ''}s${shade}"><button type="button" tabindex="-1" data-cell="${own} ${said}"><span>${count}</span></button></td>`;
}
