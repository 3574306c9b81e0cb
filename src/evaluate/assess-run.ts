import { KeptAnswers } from '../assess/answers.js';
import { assess } from '../assess/assess.js';
import { openCheckpoint } from '../group/open-checkpoint.js';
import { openPredictors } from '../group/sessions.js';
import { deviceOf } from '../runtime/device.js';
import type { Assessment } from '../store/assessment.js';
import { bestOf } from '../store/best-network.js';
import { type Checkpoint, tensorsWithoutTrial } from '../store/checkpoint.js';
import { averagedOf, markAverages } from '../train/averages.js';
import { loadPredictors } from '../train/evaluate.js';
import { at } from '../util/checked.js';
import { evaluateImages } from './evaluate-images.js';
import { type EvaluateOptions, thresholdsFor, whereDataAre } from './evaluate-run.js';
import { openMeasured } from './measured-data.js';

/**
 * Assesses all networks of a run's checkpoint in detail, as the end of a run does: on the validation split, where nothing was held out on
 * the test split, when nothing else is asked for. What is odd about the images is told to `onWarning`, a line each.
 */
export async function assessRun(
  folder: string,
  options: EvaluateOptions & { readonly onWarning?: (message: string) => void },
): Promise<Assessment> {
  const { checkpoint, group } = await openCheckpoint(folder, options.checkpoint);
  const { preprocessing, best, classes, position } = checkpoint;
  const { settings: run } = checkpoint;
  const { device = run.device, allowFallback = run.allowFallback, threads = run.threads } = options;
  const { onWarning = () => {} } = options;
  const settings = { ...run, data: await whereDataAre(folder, checkpoint), device, allowFallback, threads };
  const { task, seed } = settings;
  const thresholds = thresholdsFor(folder, checkpoint, options.threshold);
  const measured = await openMeasured(
    folder,
    { classes, task, settings },
    { ...options, split: splitFor(checkpoint, options) },
  );
  for (const message of measured.warnings) onWarning(message);
  const { splits, images, names, dataset } = measured;
  const kept = new KeptAnswers({ task, networks: group.graphs.length, classes: classes.length, images, seed });
  const tensors = tensorsWithoutTrial(checkpoint);
  const predictors = await openPredictors(group, settings);
  try {
    loadPredictors(predictors, tensors);
    const scoring = { task, thresholds, onLogits: kept.add };
    const own = await evaluateImages(predictors, splits, preprocessing, settings, scoring);
    const averaged = options.checkpoint === 'best' ? averagedOf({ networks: best?.validation }) : [];
    const evaluation = markAverages(own, averaged);
    const parts = splits.map((split, i) => ({ name: at(names, i), split }));
    return await assess({
      answers: kept.answers,
      evaluation,
      group,
      tensors,
      winner: best?.network ?? bestOf(evaluation.networks),
      // An epoch that was stopped counts: its steps are in the tensors
      epoch: position.step > 0 ? position.epoch : Math.max(0, position.epoch - 1),
      classes,
      images: { split: measured.name, dataset, parts },
      preprocessing,
      device: deviceOf(settings),
      threads,
    });
  } finally {
    for (const predictor of predictors) await predictor.close();
  }
}

/** Of a run's own images those that it was chosen by: test images are for the very end. */
function splitFor({ best }: Checkpoint, { data, split }: EvaluateOptions): EvaluateOptions['split'] {
  if (split || data !== undefined) return split;
  return best?.validation ? 'validation' : 'test';
}
