import { formatPercent } from '../../report/format.js';
import type { AssessedSubject, Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import { toHtml } from '../../util/markup.js';
import { FEWEST } from '../answers/honesty.js';
import { CALIBRATED } from '../content/commands.js';
import type { ReportData } from '../content/report-data.js';
import { type Cell, details, section, table } from './html.js';
import { subjectChoice } from './subject-choice.js';

type Bins = AssessedSubject['calibration']['bins'];

/** Whether stated probabilities come true, as they are and with a temperature. */
export function calibrationSection(
  { commands }: Pick<ReportData, 'commands'>,
  assessment: Assessment,
  subject: number,
): string {
  const { ece, bins, temperature, scaled } = at(assessment.subjects, subject).calibration;
  const command = commands.find(({ name }) => name === CALIBRATED)?.value;
  const before = diagram(bins, `As trained: error ${formatPercent(ece)}`);
  const known = assessment.images >= FEWEST;
  const after =
    scaled.bins && known
      ? diagram(scaled.bins, `With temperature ${temperature.toFixed(2)}: error ${formatPercent(scaled.ece)}`)
      : '';
  const effect = !known
    ? `A temperature is not to be found on so few images: it takes ${FEWEST} at least.`
    : scaled.ece < ece
      ? `Dividing the logits by the temperature ${temperature.toFixed(2)} brings the expected calibration error from ${formatPercent(ece)} to ${formatPercent(scaled.ece)} on these images, and changes no answer.`
      : `The best temperature is ${temperature.toFixed(2)}; it doesn't lower the expected calibration error of ${formatPercent(ece)}.`;
  const offer = command && known && scaled.ece < ece ? ` <code>${toHtml(command)}</code> writes a model with it.` : '';
  return section(
    'calibration',
    'Calibration',
    `<div class="controls">${subjectChoice(assessment, subject, 'calibration')}</div>`,
    '<p>Images are grouped by the probability that was stated. Bars on the diagonal are honest: of answers given with 80 %, 80 % are right. Below it the network is too sure, above it not sure enough.</p>',
    `<div class="diagrams">${before}${after}</div>`,
    `<p>${effect}${offer}</p>`,
    details('Numbers of the diagram', binTable(bins)),
  );
}

/** Pixels of a diagram's square, and of what is around it. */
const [SIDE, LEFT, BOTTOM, TOP, COUNTS] = [240, 44, 40, 8, 40];

function diagram(bins: Bins, title: string): string {
  const x = (share: number) => LEFT + SIDE * share;
  const y = (share: number) => TOP + SIDE * (1 - share);
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const base = TOP + SIDE + COUNTS;
  const bars = bins.flatMap(({ lower, upper, count, confidence, accuracy }) => {
    if (count === 0 || confidence === null || accuracy === null) return [];
    const width = fixed(SIDE * (upper - lower) - 1);
    const left = fixed(x(lower) + 0.5);
    const [high, low] = [Math.max(confidence, accuracy), Math.min(confidence, accuracy)];
    return [
      `<rect class="share" x="${left}" y="${fixed(y(accuracy))}" width="${width}" height="${fixed(SIDE * accuracy)}"/>`,
      `<rect class="gap" x="${left}" y="${fixed(y(high))}" width="${width}" height="${fixed(SIDE * (high - low))}"/>`,
      `<rect class="count" x="${left}" y="${fixed(base - (COUNTS - 6) * (count / most))}" width="${width}" height="${fixed((COUNTS - 6) * (count / most))}"/>`,
    ];
  });
  const ticks = [0, 0.5, 1].flatMap((share) => [
    `<text x="${x(share)}" y="${base + 16}" text-anchor="middle">${100 * share}</text>`,
    `<text x="${LEFT - 6}" y="${y(share) + 4}" text-anchor="end">${100 * share}</text>`,
  ]);
  const parts = [
    `<rect class="frame" x="${LEFT}" y="${TOP}" width="${SIDE}" height="${SIDE}"/>`,
    ...bars,
    `<line class="diagonal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>`,
    ...ticks,
    `<text x="${x(0.5)}" y="${base + 34}" text-anchor="middle">stated probability, %</text>`,
    `<text transform="rotate(-90)" x="${-(TOP + SIDE / 2)}" y="12" text-anchor="middle">right, %</text>`,
  ];
  return `<figure class="diagram"><figcaption>${title}</figcaption><svg viewBox="0 0 ${LEFT + SIDE + 16} ${base + BOTTOM}" role="img" aria-label="Reliability diagram. ${title}. The numbers are in the table beneath.">${parts.join('')}</svg></figure>`;
}

function fixed(value: number): number {
  return Number(value.toFixed(1));
}

function binTable(bins: Bins): string {
  const share = (value: number | null) => (value === null ? '-' : formatPercent(value));
  const rows = bins.map(({ lower, upper, count, confidence, accuracy }): Cell[] => [
    `${(100 * lower).toFixed(0)} to ${formatPercent(upper, 0)}`,
    String(count),
    share(confidence),
    share(accuracy),
  ]);
  return table({
    caption: 'Answers by their stated probability',
    head: ['Stated', 'Answers', 'Stated on average', 'Right'],
    rows,
  });
}
