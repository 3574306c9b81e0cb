import { type Answers, ensembleLogits, KeptAnswers } from '../assess/answers.js';
import { assessSubject } from '../assess/subjects.js';
import type { GroupEvaluation } from '../events/evaluation.js';
import type { ClassScores } from '../metrics/class-scores.js';
import type { ConfusionCell } from '../metrics/confusion.js';
import type { ReliabilityBin } from '../metrics/reliability.js';
import { present } from '../util/error.js';
import type { Task } from '../util/task.js';

/** What networks did class by class, with what confidence, and what they took for what. */
export interface EvaluationDetails {
  /** Class names, which everything below counts from 0. */
  readonly classes: readonly string[];
  /** How many images it is of: all, or as many random ones as memory has room for. */
  readonly images: number;
  readonly networks: readonly SubjectDetails[];
  readonly ensemble: SubjectDetails;
}

/** Of one network, or of the ensemble. */
export interface SubjectDetails {
  /** Images by their own class and the one that was said; empty where images have any number of classes. */
  readonly confusion: readonly ConfusionCell[];
  /** One for each class, in the classes' order. */
  readonly perClass: readonly ClassScores[];
  readonly calibration: {
    /** 15 bins of equal width, from 0 to 1. */
    readonly bins: readonly ReliabilityBin[];
    readonly ece: number;
    /** The number that logits are divided by for the lowest loss on these images, and what these are with it. */
    readonly temperature: number;
    readonly scaled: { readonly loss: number; readonly ece: number };
  };
}

/** Keeps answers for details, where they are wanted; by random, where memory has no room for all. */
export function answersFor(
  wanted: boolean | undefined,
  classes: readonly string[],
  options: {
    readonly task: Task;
    readonly networks: number;
    readonly images: number;
    readonly seed?: number | undefined;
  },
): KeptAnswers | undefined {
  return wanted ? new KeptAnswers({ ...options, seed: options.seed ?? 0, classes: classes.length }) : undefined;
}

/** The details of evaluated images; none where no answers were kept. */
export function detailsOf(
  kept: KeptAnswers | undefined,
  classes: readonly string[],
  { networks, ensemble }: GroupEvaluation,
): { readonly details?: EvaluationDetails } {
  if (!kept) return {};
  const { answers } = kept;
  return {
    details: {
      classes,
      images: answers.images,
      networks: networks.map((evaluation, n) => {
        return subjectDetails(answers, evaluation, present(answers.logits[n], 'the logits of a network'));
      }),
      ensemble: subjectDetails(answers, ensemble, ensembleLogits(answers)),
    },
  };
}

function subjectDetails(
  answers: Answers,
  evaluation: GroupEvaluation['ensemble'],
  logits: Float32Array,
): SubjectDetails {
  const { confusion, perClass, calibration } = assessSubject(answers, { label: '', evaluation, logits });
  return { confusion, perClass, calibration };
}
