import { formatCount, formatNumberOf } from '../../report/format.js';
import { toHtml } from '../../util/markup.js';
import type { Duplicates, ReportData } from '../content/report-data.js';
import { details, nameHtml, section, table } from './html.js';

/** The images: how many of which class in which split, and which are there twice. */
export function dataSection({ data }: ReportData): string {
  const { splits, classes, duplicates, name } = data;
  const total = splits.map(({ name: split, images }) => `${formatCount(images)} ${toHtml(split)}`).join(', ');
  const counts =
    splits.length > 0 && classes.length > 0
      ? details(
          `${formatNumberOf(classes.length, 'class', 'classes')}`,
          table({
            caption: 'Images of each class',
            head: ['Class', ...splits.map((split) => toHtml(split.name))],
            rows: classes.map((each) => [nameHtml(each.name), ...each.counts.map(formatCount)]),
          }),
        )
      : '';
  return section(
    'data',
    'Images',
    `<p>${nameHtml(name, 120)}${total && `: ${total} images`}.</p>`,
    counts,
    duplicates ? duplicatesHtml(duplicates) : '',
  );
}

function duplicatesHtml({ groups, severalSplits, severalClasses, shown }: Duplicates): string {
  const title = '<h3 id="duplicates">Duplicates</h3>';
  const hint =
    '<p class="dim">Only files that are equal to the byte; <code>agon data check</code> finds those that look alike too.</p>';
  if (groups === 0) return `${title}<p>No file is there twice.</p>${hint}`;
  const parts = [
    `${formatNumberOf(groups, 'picture')} ${groups === 1 ? 'is' : 'are'} there several times.`,
    ...(severalSplits > 0
      ? [`${severalSplits} of them in several splits: what is measured on them looks too good.`]
      : []),
    ...(severalClasses > 0 ? [`${severalClasses} of them with several labels: at most one is right.`] : []),
  ];
  const lists = shown.map((names) => `<li>${names.map((each) => nameHtml(each, 100)).join(' = ')}</li>`);
  return `${title}<p>${parts.join(' ')}</p>${details('Which', `<ul class="names">${lists.join('')}</ul>`)}${hint}`;
}
