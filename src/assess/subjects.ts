import type { Evaluation } from '../events/evaluation.js';
import { scoresOfConfusion, scoresOfDecisions } from '../metrics/class-scores.js';
import { confusionOf } from '../metrics/confusion.js';
import { indexOfLargest } from '../metrics/largest.js';
import type { AssessedSubject } from '../store/assessment.js';
import { toProbabilities } from '../util/maths/probabilities.js';
import { USUAL_THRESHOLD } from '../util/task.js';
import { type Answers, logitsOf } from './answers.js';
import { calibrationOf } from './calibration.js';

/** A network, or the ensemble, and the logits of all images that it gave, [images, classes]. */
export interface Subject {
  readonly label: string;
  /** Undefined of the ensemble. */
  readonly network?: number;
  readonly evaluation: Evaluation;
  readonly logits: Float32Array;
}

/** What a subject came to, class by class. */
export function assessSubject(answers: Answers, subject: Subject): AssessedSubject {
  const { label, network, evaluation, logits } = subject;
  const { classes, labels, targets } = answers;
  const confusion = targets ? [] : confusionOf(labels, saidOf(answers, logits));
  return {
    label,
    ...(network !== undefined && { network }),
    evaluation,
    confusion,
    perClass: targets
      ? scoresOfDecisions(targets, decisionsOf(answers, subject), classes)
      : scoresOfConfusion(confusion, classes),
    calibration: calibrationOf(answers, logits),
  };
}

/** The most probable class of each image, of equals the first. */
function saidOf(answers: Answers, logits: Float32Array): Int32Array {
  return Int32Array.from({ length: answers.images }, (_, image) => {
    return indexOfLargest(logitsOf(answers, logits, image));
  });
}

/** Whether each class is said to be there: 0 or 1, [images, classes]. */
function decisionsOf(answers: Answers, { logits, evaluation }: Subject): Uint8Array {
  const threshold = thresholdOf(evaluation);
  return new Uint8Array(toProbabilities(logits, answers.task).map((p) => (p >= threshold ? 1 : 0)));
}

/** The probability from which on a class counts as there. */
export function thresholdOf({ threshold = USUAL_THRESHOLD }: Pick<Evaluation, 'threshold'>): number {
  return threshold;
}
