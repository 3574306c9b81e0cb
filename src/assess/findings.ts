import { confusionOf } from '../metrics/confusion.js';
import { type LabelError, likelyLabelErrors, likelyMissingLabels } from '../metrics/label-errors.js';
import { indexOfLargest } from '../metrics/largest.js';
import { at } from '../util/checked.js';
import { toProbabilities } from '../util/maths/probabilities.js';
import { type Answers, labelsOf, logitsOf } from './answers.js';
import { type Subject, thresholdOf } from './subjects.js';

/** The images that are worth a look, all by their index in the answers. */
export interface Findings {
  /** Wrong answers, the surest first. */
  readonly worst: readonly number[];
  /** All images, the least certain first. */
  readonly uncertain: readonly number[];
  /** All likely label errors, the likeliest first. */
  readonly labelErrors: readonly LabelError[];
  /** The images of the pairs of classes that are confused most often, the fullest pair first; of each the surest first. */
  readonly confused: readonly { readonly class: number; readonly said: number; readonly images: readonly number[] }[];
}

/** Pairs of confused classes of which images are listed. */
const MOST_PAIRS = 24;

/** What there is to see in the answers: mistakes and doubts of the winner, and what the whole group holds against labels. */
export function findingsIn(answers: Answers, winner: Subject, networks: readonly Subject[]): Findings {
  const judged = Array.from({ length: answers.images }, (_, image) => judge(answers, winner, image));
  const images = [...judged.keys()];
  const by = (of: (each: Judged) => number) => (a: number, b: number) => of(at(judged, a)) - of(at(judged, b)) || a - b;
  const worst = images.filter((i) => at(judged, i).wrong).sort(by(({ sureness }) => -sureness));
  return {
    worst,
    uncertain: [...images].sort(by(({ margin }) => margin)),
    labelErrors: labelErrorsIn(answers, networks),
    confused: answers.targets ? [] : confusedIn(answers, judged, worst),
  };
}

/** What the winner makes of an image. */
interface Judged {
  readonly said: number;
  readonly wrong: boolean;
  /** Of a wrong answer the probability that it was stated with. */
  readonly sureness: number;
  /** How far it is from another answer. */
  readonly margin: number;
}

function judge(answers: Answers, winner: Subject, image: number): Judged {
  const probabilities = toProbabilities(logitsOf(answers, winner.logits, image), answers.task);
  const labels = labelsOf(answers, image);
  return answers.targets
    ? judgeDecisions(probabilities, labels, thresholdOf(winner.evaluation))
    : judgeAnswer(probabilities, labels);
}

function judgeAnswer(probabilities: Float64Array, labels: readonly number[]): Judged {
  const said = indexOfLargest(probabilities);
  const sureness = at(probabilities, said);
  let second = 0;
  for (let c = 0; c < probabilities.length; c++) if (c !== said) second = Math.max(second, at(probabilities, c));
  return { said, wrong: !labels.includes(said), sureness, margin: sureness - second };
}

/** Of the decisions on each class, the surest wrong one and the least certain count. */
function judgeDecisions(probabilities: Float64Array, labels: readonly number[], threshold: number): Judged {
  const wrong = [...probabilities.keys()].filter((c) => at(probabilities, c) >= threshold !== labels.includes(c));
  const sureness = (c: number) => (labels.includes(c) ? 1 - at(probabilities, c) : at(probabilities, c));
  return {
    said: indexOfLargest(probabilities),
    wrong: wrong.length > 0,
    sureness: wrong.reduce((most, c) => Math.max(most, sureness(c)), 0),
    margin: probabilities.reduce((least, p) => Math.min(least, Math.abs(p - threshold)), 1),
  };
}

function labelErrorsIn(answers: Answers, networks: readonly Subject[]): LabelError[] {
  const { images, targets, labels } = answers;
  const probabilities = (image: number) =>
    networks.map(({ logits }) => toProbabilities(logitsOf(answers, logits, image), answers.task));
  const thresholds = networks.map(({ evaluation }) => thresholdOf(evaluation));
  return targets
    ? likelyMissingLabels({ images, probabilities }, targets, thresholds)
    : likelyLabelErrors({ images, probabilities }, labels);
}

function confusedIn({ labels }: Answers, judged: readonly Judged[], worst: readonly number[]): Findings['confused'] {
  const own = (image: number) => at(labels, image);
  const said = (image: number) => at(judged, image).said;
  const cells = confusionOf(worst.map(own), worst.map(said)).sort((a, b) => b[2] - a[2]);
  return cells.slice(0, MOST_PAIRS).map(([label, other]) => ({
    class: label,
    said: other,
    images: worst.filter((image) => own(image) === label && said(image) === other),
  }));
}
