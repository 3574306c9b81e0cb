import { KeptAnswers } from '../assess/answers.js';
import { assess } from '../assess/assess.js';
import type { EvaluatedEpoch } from '../events/events.js';
import type { Group } from '../group/group.js';
import { deviceOf } from '../runtime/device.js';
import { writeAssessment } from '../store/assessment.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { runPaths } from '../store/run-folder.js';
import type { RunData } from '../train/data.js';
import { evaluate, loadPredictors, thresholdsOf } from '../train/evaluate.js';
import type { LoopContext } from '../train/loop.js';
import { Stopped } from '../train/stop.js';
import { messageOf, present } from '../util/error.js';
import type { ContextOptions } from './context.js';

/** The best epoch of a run, evaluated. */
export interface BestEpoch {
  readonly checkpoint: Checkpoint;
  readonly network: number;
  readonly evaluated: EvaluatedEpoch;
  /** What its networks said of the test images, where these are what it is assessed on. */
  readonly answers: KeptAnswers | undefined;
}

/** Keeps what networks say of a split, to be assessed. */
export function keepAnswers(
  { seed, task }: ContextOptions['settings'],
  { dataset }: Pick<RunData, 'dataset'>,
  { graphs }: Pick<Group, 'graphs'>,
  split: 'validation' | 'test',
): KeptAnswers {
  const images = present(dataset[split], split).length;
  return new KeptAnswers({ task, networks: graphs.length, classes: dataset.classes.length, images, seed });
}

/**
 * Writes down what the best epoch came to in detail on the validation split, without one on the test split; without either there is nothing that
 * it wasn't trained on. What fails here is a warning: the run's result is there.
 */
export async function assessBest(
  options: ContextOptions,
  data: RunData,
  group: Group,
  context: LoopContext,
  best: BestEpoch,
): Promise<void> {
  const { folder, emit } = options;
  const { validation, test } = data.dataset;
  if (!validation && !test) return;
  emit({ type: 'phase', phase: 'assessment' });
  try {
    const answers = best.answers ?? (await answersOnValidation(options, data, group, context, best));
    const split = validation ? 'validation' : 'test';
    const assessment = await assess({
      answers: answers.answers,
      evaluation: present(best.evaluated[split], `the evaluation on the ${split} split`),
      group,
      tensors: best.checkpoint.tensors,
      winner: best.network,
      epoch: best.evaluated.epoch,
      classes: data.dataset.classes,
      images: {
        split,
        dataset: data.dataset,
        parts: [{ name: split, split: present(data.dataset[split], split) }],
      },
      preprocessing: data.preprocessing,
      device: deviceOf(options.settings),
      threads: options.settings.threads,
    });
    await writeAssessment(runPaths(folder).assessment, assessment);
  } catch (error) {
    if (error instanceof Stopped) throw error;
    emit({ type: 'warning', message: `the run is finished, but its assessment failed: ${messageOf(error)}` });
  }
}

async function answersOnValidation(
  { settings }: ContextOptions,
  data: RunData,
  group: Group,
  { predictors, evaluation }: LoopContext,
  { checkpoint, evaluated }: BestEpoch,
): Promise<KeptAnswers> {
  const kept = keepAnswers(settings, data, group, 'validation');
  const loader = evaluation('validation');
  loadPredictors(predictors, checkpoint.tensors);
  const scoring = { task: settings.task, thresholds: thresholdsOf(predictors.length, evaluated.validation) };
  await evaluate(predictors, loader, data.preprocessing, { ...scoring, onLogits: kept.add }).finally(() =>
    loader.close(),
  );
  return kept;
}
