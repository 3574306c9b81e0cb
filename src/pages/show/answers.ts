import { toHtml } from '../../util/markup.js';
import type { Answer, ReportData } from '../content/report-data.js';
import { section, wordsHtml } from './html.js';

const TONES: Readonly<Record<Answer['tone'], { readonly sign: string; readonly text: string }>> = {
  good: { sign: '✓', text: 'as one wishes' },
  attention: { sign: '!', text: 'needs a look' },
  neutral: { sign: '?', text: 'not known' },
};

/** What a reader wants to know first; `sections` are the ids that links may lead to. */
export function answersSection({ answers }: ReportData, sections: readonly string[]): string {
  const cards = answers.map((answer) => {
    const { sign, text } = TONES[answer.tone];
    const link = sections.includes(answer.section)
      ? ` <a class="more" href="#${answer.section}">See it<span class="hidden">: ${toHtml(answer.question)}</span></a>`
      : '';
    return `<article class="answer ${answer.tone}"><h3><span class="sign" role="img" aria-label="${text}">${sign}</span> ${toHtml(answer.question)}</h3>
<p class="said">${wordsHtml(answer.answer)}</p>${thumbnails(answer)}<p class="dim">${wordsHtml(answer.detail)}${link}</p></article>`;
  });
  return section('answers', 'At a glance', `<div class="answers">${cards.join('\n')}</div>`);
}

function thumbnails({ pictures = [] }: Answer): string {
  if (pictures.length === 0) return '';
  return `<p class="thumbnails">${pictures.map((index) => `<img data-picture="${index}" alt="">`).join('')}</p>`;
}
