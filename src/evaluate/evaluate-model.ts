import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type GivenFacts, openKnownClassifier } from '../classifier/known-classifier.js';
import { BUILTIN } from '../data/formats/builtin.js';
import type { Evaluation } from '../events/evaluation.js';
import { deviceOf } from '../runtime/device.js';
import type { Settings } from '../settings/settings.js';
import { readRunSettings } from '../store/run-folder.js';
import { fail, present } from '../util/error.js';
import type { Task } from '../util/task.js';
import { answersFor, detailsOf, type EvaluationDetails } from './details.js';
import { evaluateImages } from './evaluate-images.js';
import type { RunEvaluation } from './evaluate-run.js';
import { type MeasuredOptions, openMeasured } from './measured-data.js';
import { thresholdFor } from './threshold.js';

/** On what, and where, a model is evaluated. */
export interface ModelEvaluationOptions extends MeasuredOptions, GivenFacts {
  /** The value that holds the class scores, of a model with several outputs. */
  readonly output?: string | undefined;
  /** What its images may have, of a model that doesn't say it: one class each when left out. */
  readonly task?: Task | undefined;
  /** For images with any number of classes: the probability from which on one counts as there; the model's own when left out. */
  readonly threshold?: number | undefined;
  /** Whether {@link ModelEvaluation.details} are wanted. */
  readonly details?: boolean | undefined;
  readonly device?: string | undefined;
  /** Whether the CPU may compute what a GPU has no kernel for (it may not). */
  readonly allowFallback?: boolean | undefined;
  readonly threads?: number | undefined;
}

/** How a model did on the images of a split. */
export interface ModelEvaluation extends Pick<RunEvaluation, 'split' | 'images' | 'classes' | 'task' | 'warnings'> {
  readonly evaluation: Evaluation;
  /** The ensemble is the model itself. */
  readonly details?: EvaluationDetails;
}

/** Where a model doesn't say it. */
const USUAL = { batchSize: 32, workers: 1 };

/** Evaluates an ONNX model of which it is known, or said, what its classes are and how images become its input. */
export async function evaluateModel(path: string, options: ModelEvaluationOptions): Promise<ModelEvaluation> {
  const { device = 'cpu', allowFallback } = options;
  const where = deviceOf({ device, allowFallback });
  const classifier = await openKnownClassifier(path, { ...options, device: where });
  try {
    const { classes, preprocessing, task } = classifier;
    const threshold = thresholdFor(path, task, options.threshold, classifier.threshold);
    const settings = classifier.settings && (await withDataFolder(path, classifier.settings, options));
    const { name, splits, images, warnings } = await openMeasured(path, { classes, task, settings }, options);
    const kept = answersFor(options.details, classes, { task, networks: 1, images, seed: settings?.seed });
    const measured = await evaluateImages([classifier], splits, preprocessing, settings ?? USUAL, {
      task,
      thresholds: { networks: [threshold], ensemble: threshold },
      onLogits: kept?.add,
    });
    const evaluation = present(measured.networks[0], 'its evaluation');
    const details = detailsOf(kept, classes, measured);
    const own = classifier.notes.map((note) => `${path}: ${note}`);
    return {
      split: name,
      images,
      classes: classes.length,
      task,
      evaluation,
      warnings: [...own, ...warnings],
      ...details,
    };
  } finally {
    await classifier.close();
  }
}

/** A model's settings name its data without the folder that they are in; the run that the model lies in says where. */
async function withDataFolder(path: string, settings: Settings, { data: other }: MeasuredOptions): Promise<Settings> {
  const { data } = await readRunSettings(dirname(path)).catch(() => settings);
  const found = basename(data) === settings.data ? { ...settings, data } : settings;
  if (other !== undefined || found.data === BUILTIN || existsSync(found.data)) return found;
  return fail(path, `it was trained on "${settings.data}", and nothing says where these images are`, {
    hint: 'Name their folder, or other images (--data)',
  });
}
