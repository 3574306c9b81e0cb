import type { Assessment } from '../../store/assessment.js';
import type { Answer, ReportData } from '../content/report-data.js';
import { confusionAnswer } from './confusion.js';
import { honestyAnswer } from './honesty.js';
import { labelErrorAnswer } from './label-errors.js';
import { moreEpochsAnswer } from './more-epochs.js';
import { shippingAnswer } from './shipping.js';

/** What the reader of a report wants to know first. `folder` is the run's, as commands name it. */
export function answersOf(
  run: Omit<ReportData, 'answers' | 'assessment'>,
  assessment: Assessment | undefined,
  folder: string,
): Answer[] {
  return [
    shippingAnswer(run, assessment),
    ...(assessment
      ? [confusionAnswer(assessment), honestyAnswer(assessment, folder), labelErrorAnswer(assessment)]
      : []),
    moreEpochsAnswer(run),
  ];
}
