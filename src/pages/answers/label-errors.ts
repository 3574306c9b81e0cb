import { formatNumberOf, formatPercent } from '../../report/format.js';
import type { Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import type { Answer, Words } from '../content/report-data.js';
import { joined, named } from './said.js';

/** Images that the sentence names. */
const NAMED = 2;
/** Images that are shown beside it. */
const PICTURED = 4;

/** Which images look wrongly labelled. */
export function labelErrorAnswer(assessment: Assessment): Answer {
  const { labelErrorCount, labelErrors, pictures, classes, images, split, subjects } = assessment;
  const networks = subjects.filter(({ network }) => network !== undefined).length;
  const about = { section: 'label-errors', question: 'Which images are mislabelled?' };
  const looked = `${formatNumberOf(images, split === 'all' ? 'image' : `${split} image`)}`;
  const how =
    networks === 1
      ? 'the network is sure of another class'
      : `all ${networks} networks are sure of the same other class`;
  const detail = [
    `An image is suspected where ${how}. Only a look at it can tell; the training images were not looked through.`,
  ];
  if (labelErrorCount === 0) return { ...about, answer: [`None of the ${looked} stands out.`], detail, tone: 'good' };
  const shown = labelErrors.slice(0, NAMED);
  const examples = shown.map(({ picture, suggested, probability }): Words => {
    const { name, labels } = at(pictures, picture);
    const given = labels.map((label) => classes[label] ?? '').join(', ');
    const said = [', rather ', named(at(classes, suggested)), ` (${formatPercent(probability, 0)})`];
    return [named(name), ', labelled ', named(given), ...said];
  });
  return {
    ...about,
    answer: [`${labelErrorCount} of the ${looked} ${labelErrorCount === 1 ? 'looks' : 'look'} mislabelled.`],
    detail: ['First of all: ', ...joined(examples, '; '), '. ', ...detail],
    pictures: labelErrors.slice(0, PICTURED).map(({ picture }) => picture),
    tone: 'attention',
  };
}
