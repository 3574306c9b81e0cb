import { formatPercent } from '../../report/format.js';
import type { AssessedPicture, Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import { toHtml } from '../../util/markup.js';
import { details, nameHtml } from './html.js';

/** Names of classes on a picture are at most so long. */
const LONGEST = 28;

/** A picture with its classes, and what the networks say of it. The client gives it its pixels, of picture `index`. */
export function pictureHtml(assessment: Assessment, index: number, subject: number, remark = ''): string {
  const picture = at(assessment.pictures, index);
  const { classes } = assessment;
  const labels = picture.labels.map((label) => nameHtml(at(classes, label), LONGEST)).join(', ') || 'none';
  const answer = picture.answers[subject];
  const [top] = answer?.top ?? [];
  const isRight = top !== undefined && picture.labels.includes(top.class);
  const said = top
    ? `${nameHtml(at(classes, top.class), LONGEST)} <span class="nowrap">${formatPercent(top.probability, 0)}</span>`
    : '-';
  const map = answer?.map ? `<img class="map" data-map="${index} ${subject}" alt="">` : '';
  return `<figure class="picture"><div class="frame"><img data-picture="${index}" alt="${altOf(picture, classes)}">${map}</div>
<figcaption><span class="label">${labels}</span><span class="said ${isRight ? 'right' : 'wrong'}">${isRight ? '✓' : '✗'} ${said}</span>${remark && `<span class="remark">${remark}</span>`}
${details('Answers', `<p class="file">${nameHtml(picture.name, 80)}</p>${answersHtml(assessment, picture)}`)}</figcaption></figure>`;
}

function altOf({ name, labels }: AssessedPicture, classes: readonly string[]): string {
  return toHtml(`${name}, labelled ${labels.map((label) => at(classes, label)).join(', ') || 'none'}`);
}

function answersHtml({ subjects, classes }: Assessment, { answers }: AssessedPicture): string {
  const lines = answers.map(({ top }, i) => {
    const said = top
      .slice(0, 3)
      .map((each) => `${nameHtml(at(classes, each.class), LONGEST)} ${formatPercent(each.probability, 0)}`);
    return `<dt>${nameHtml(subjects[i]?.label ?? '', LONGEST)}</dt><dd>${said.join(', ')}</dd>`;
  });
  return `<dl>${lines.join('')}</dl>`;
}

/** The pictures of a cell of the confusion matrix of a subject. */
export function picturesOfCell({ pictures }: Assessment, subject: number, own: number, said: number): number[] {
  return pictures.flatMap(({ labels, answers }, i) => {
    return labels.includes(own) && answers[subject]?.top[0]?.class === said ? [i] : [];
  });
}
