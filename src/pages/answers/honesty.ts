import { formatPercent } from '../../report/format.js';
import type { AssessedSubject, Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import type { Answer } from '../content/report-data.js';
import { points } from './said.js';

/** Up to these errors probabilities are honest, nearly so, and somewhat off; beyond, they aren't honest. */
const [HONEST, NEARLY, SOMEWHAT] = [0.02, 0.05, 0.1];
/** An error of less than so many times what chance gives can't be told from chance. */
const CHANCE = 1.5;
/** A lower error is worth a temperature from this part of the old one down. */
const WORTH = 0.8;

/** Of fewer images nothing is said. */
export const FEWEST = 30;

/** What is known of stated probabilities. */
export interface Honesty {
  /** Means over all images: of the stated probability, and of how often it was right. */
  readonly confidence: number;
  readonly accuracy: number;
  /** The expected calibration error that honest probabilities would show by chance, with as many images. */
  readonly chance: number;
}

/**
 * Over the bins of a reliability diagram. Of n images with the probability p, the share that is right differs from p by
 * sqrt(2 p (1 - p) / (pi n)) on average.
 */
export function honestyOf({ bins }: Pick<AssessedSubject['calibration'], 'bins'>): Honesty {
  const filled = bins.flatMap(({ count, confidence, accuracy }) => {
    return count > 0 && confidence !== null && accuracy !== null ? [{ count, confidence, accuracy }] : [];
  });
  const images = filled.reduce((sum, { count }) => sum + count, 0) || 1;
  const mean = (of: (bin: (typeof filled)[number]) => number) => {
    return filled.reduce((sum, bin) => sum + (bin.count / images) * of(bin), 0);
  };
  return {
    confidence: mean(({ confidence }) => confidence),
    accuracy: mean(({ accuracy }) => accuracy),
    chance: mean(({ confidence: p, count }) => Math.sqrt((2 * p * (1 - p)) / (Math.PI * count))),
  };
}

/** Whether the stated probabilities are to be believed. */
export function honestyAnswer({ subjects, winner, images }: Assessment, folder: string): Answer {
  const { calibration } = at(subjects, winner);
  if (images < FEWEST) return tooFew(calibration, images);
  const { ece, temperature, scaled } = calibration;
  const { confidence, accuracy, chance } = honestyOf(calibration);
  const byChance = ece <= CHANCE * chance;
  const gap = confidence - accuracy;
  const side = gap > 0 ? 'too sure' : 'not sure enough';
  const stated = `it says ${formatPercent(confidence)} on average and is right in ${formatPercent(accuracy)}`;
  const off = ece <= HONEST || byChance ? '' : `, ${side} by ${points(gap)}`;
  const helps = scaled.ece < WORTH * ece && !byChance;
  const isHonest = ece <= NEARLY || byChance;
  return {
    section: 'calibration',
    question: 'Are the probabilities honest?',
    answer: [
      `${verdictOf(ece, byChance)}: ${stated}${off}.`,
      ...(helps
        ? [
            ` A temperature of ${temperature.toFixed(2)} lowers the error to ${formatPercent(scaled.ece)}: `,
            { command: `agon export ${folder} --calibrated` },
            '.',
          ]
        : []),
    ],
    detail: [
      `Expected calibration error ${formatPercent(ece)}; honest probabilities would show about ${formatPercent(chance)} by chance with ${images} images.`,
      ...(helps ? [' A temperature divides the logits and changes no answer; it was found on these images.'] : []),
    ],
    tone: isHonest ? 'good' : 'attention',
  };
}

function tooFew({ ece }: AssessedSubject['calibration'], images: number): Answer {
  return {
    section: 'calibration',
    question: 'Are the probabilities honest?',
    answer: [`${images} images can't tell: it takes ${FEWEST} at least.`],
    detail: [`Expected calibration error ${formatPercent(ece)}, of which most is chance.`],
    tone: 'attention',
  };
}

function verdictOf(ece: number, byChance: boolean): string {
  if (ece <= HONEST) return 'Yes';
  if (byChance) return 'Yes, as far as so few images can tell';
  if (ece <= NEARLY) return 'Nearly';
  return ece <= SOMEWHAT ? 'Not quite' : 'No';
}
