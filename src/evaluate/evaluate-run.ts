import type { SplitName } from '../data/dataset/dataset.js';
import type { Evaluation } from '../events/evaluation.js';
import type { NetworkInfo } from '../events/events.js';
import { openCheckpoint } from '../group/open-checkpoint.js';
import { openPredictors } from '../group/sessions.js';
import { type Checkpoint, tensorsWithoutTrial } from '../store/checkpoint.js';
import { readRunSettings } from '../store/run-folder.js';
import { averagedOf, markAverages } from '../train/averages.js';
import { loadPredictors, type Thresholds, thresholdsOf } from '../train/evaluate.js';
import { present } from '../util/error.js';
import type { Task } from '../util/task.js';
import { answersFor, detailsOf, type EvaluationDetails } from './details.js';
import { evaluateImages } from './evaluate-images.js';
import { type MeasuredOptions, openMeasured } from './measured-data.js';
import { thresholdFor } from './threshold.js';

/** Which networks of a run are evaluated, on what, and where. */
export interface EvaluateOptions extends MeasuredOptions {
  readonly checkpoint: 'best' | 'last';
  /**
   * For images with any number of classes: the probability from which on one counts as there; when left out that which each network's
   * validation found in the best epoch.
   */
  readonly threshold?: number | undefined;
  /** Whether {@link RunEvaluation.details} are wanted. */
  readonly details?: boolean | undefined;
  readonly device?: string | undefined;
  /** Whether the CPU may compute what a GPU has no kernel for; as the run has it when left out. */
  readonly allowFallback?: boolean | undefined;
  readonly threads?: number | undefined;
}

/** How the networks of a run, and their ensemble, did on the images of a split. */
export interface RunEvaluation {
  /** How many the networks were trained for, and whether validation chose it: for how the winner did. */
  readonly epochs: number;
  readonly chosen: boolean;
  /** The index of the run's winner so far: it is never chosen by the split that is measured here. */
  readonly winner?: number;
  /** `all` images of another data set. */
  readonly split: SplitName | 'all';
  readonly images: number;
  /** How many the networks tell apart. */
  readonly classes: number;
  readonly task: Task;
  /** What is left out of the images, and what is odd about them: a line each. */
  readonly warnings: readonly string[];
  readonly results: readonly { readonly network: NetworkInfo; readonly evaluation: Evaluation }[];
  /** The mean of the networks' probabilities. */
  readonly ensemble: Evaluation;
  readonly details?: EvaluationDetails;
}

/** Evaluates all networks of a run's checkpoint on a split, or on other images. */
export async function evaluateRun(folder: string, options: EvaluateOptions): Promise<RunEvaluation> {
  const { checkpoint, group } = await openCheckpoint(folder, options.checkpoint);
  const { preprocessing, best, classes, position } = checkpoint;
  const { settings: own } = checkpoint;
  const { device = own.device, allowFallback = own.allowFallback, threads = own.threads } = options;
  const data = await whereDataAre(folder, checkpoint);
  const settings = { ...own, data, device, allowFallback, threads };
  const { task, seed } = settings;
  const thresholds = thresholdsFor(folder, checkpoint, options.threshold);
  const { name, splits, images, warnings } = await openMeasured(folder, { classes, task, settings }, options);
  const kept = answersFor(options.details, classes, { task, networks: group.graphs.length, images, seed });
  // Not with constant weights, which are faster, but round otherwise: a run's own numbers come back to the bit
  const predictors = await openPredictors(group, settings);
  try {
    loadPredictors(predictors, tensorsWithoutTrial(checkpoint));
    const scoring = { task, thresholds, onLogits: kept?.add };
    const measured = await evaluateImages(predictors, splits, preprocessing, settings, scoring);
    const averaged = options.checkpoint === 'best' ? averagedOf({ networks: best?.validation }) : [];
    const evaluations = markAverages(measured, averaged);
    const results = group.networks.map((network, i) => ({
      network,
      evaluation: present(evaluations.networks[i], 'its evaluation'),
    }));
    return {
      epochs: position.epoch,
      chosen: options.checkpoint === 'best' && best?.validation !== undefined,
      ...(best && { winner: best.network }),
      split: name,
      images,
      classes: classes.length,
      task,
      warnings,
      results,
      ensemble: evaluations.ensemble,
      ...detailsOf(kept, classes, evaluations),
    };
  } finally {
    for (const predictor of predictors) await predictor.close();
  }
}

/** The given threshold for all, or those that validation found. */
export function thresholdsFor(folder: string, { settings, best }: Checkpoint, given: number | undefined): Thresholds {
  const { nets, task } = settings;
  const usual = thresholdFor(folder, task, given);
  if (given !== undefined) return { networks: nets.map(() => usual), ensemble: usual };
  return thresholdsOf(nets.length, { networks: best?.validation, ensemble: best?.ensemble });
}

/** The data of a run: a checkpoint may be older than their move. */
export async function whereDataAre(folder: string, { settings }: Checkpoint): Promise<string> {
  const { data } = await readRunSettings(folder).catch(() => settings);
  return data;
}
