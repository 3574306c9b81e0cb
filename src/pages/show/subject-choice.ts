import type { Assessment } from '../../store/assessment.js';
import { nameHtml } from './html.js';

/** A choice of the network whose answers are shown; nothing where there is one. `place` tells several of them apart. */
export function subjectChoice({ subjects, winner }: Assessment, subject: number, place: string): string {
  if (subjects.length < 2) return '';
  const options = subjects.map(({ label }, i) => {
    const text = `${nameHtml(label, 40).replaceAll(/<[^>]*>/g, '')}${i === winner ? ' (winner)' : ''}`;
    return `<option value="${i}"${i === subject ? ' selected' : ''}>${text}</option>`;
  });
  return `<label>Answers of <select id="subject-${place}" data-subject>${options.join('')}</select></label>`;
}
