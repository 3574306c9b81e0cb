import { formatPercent } from '../../report/format.js';
import type { Assessment } from '../../store/assessment.js';
import { section } from './html.js';
import { pictureHtml } from './pictures.js';

/** Images that look wrongly labelled. */
export function labelErrorsSection(assessment: Assessment): string {
  const { labelErrors, labelErrorCount, winner, subjects } = assessment;
  if (labelErrors.length === 0) return '';
  const networks = subjects.filter(({ network }) => network !== undefined).length;
  const pictures = labelErrors.map(({ picture, given, agreeing }) => {
    const agree = networks > 1 ? `${agreeing} of ${networks} networks agree, ` : '';
    return pictureHtml(assessment, picture, winner, `${agree}its own label ${formatPercent(given, 0)}`);
  });
  const more = labelErrorCount > labelErrors.length ? ` The ${labelErrors.length} likeliest are shown.` : '';
  const text = `<p>${labelErrorCount} ${labelErrorCount === 1 ? 'image looks' : 'images look'} as if the label were wrong: ${networks > 1 ? 'the networks agree on another class' : 'the network is sure of another class'}.${more} Look at each before you change it.</p>`;
  return section('label-errors', 'Likely label errors', text, mapControl(assessment, 'label-errors'), grid(pictures));
}

/** What was got worst, and what was hardest to tell. */
export function mistakesSection(assessment: Assessment): string {
  const { worst, uncertain, winner } = assessment;
  const show = (index: number) => pictureHtml(assessment, index, winner);
  const parts = [
    ...(worst.length > 0 ? ['<h3>Worst mistakes: the surest wrong answers</h3>', grid(worst.map(show))] : []),
    ...(uncertain.length > 0 ? ['<h3>Least certain: two classes nearly alike</h3>', grid(uncertain.map(show))] : []),
  ];
  return parts.length === 0
    ? ''
    : section('mistakes', 'Mistakes and doubts', mapControl(assessment, 'mistakes'), ...parts);
}

function grid(pictures: readonly string[]): string {
  return `<div class="pictures">${pictures.join('\n')}</div>`;
}

/** A switch for the class activation maps, if there are any. */
function mapControl({ pictures }: Assessment, place: string): string {
  if (!pictures.some(({ answers }) => answers.some(({ map }) => map))) return '';
  return `<div class="controls"><button type="button" id="maps-${place}" data-maps aria-pressed="false">Show where the network looked</button> <span class="dim">Class activation maps: what spoke for the class that was said.</span></div>`;
}
