import type { KeptAnswers } from '../assess/answers.js';
import type { GroupEvaluation } from '../events/evaluation.js';
import type { EvaluatedEpoch, Position } from '../events/events.js';
import { exportRun } from '../export/export-run.js';
import type { Group } from '../group/group.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { type Checkpoint, readCheckpoint, tensorsWithoutTrial } from '../store/checkpoint.js';
import { bestEpochOf } from '../store/checkpoint-check.js';
import { checkTensors } from '../store/checkpoint-tensors.js';
import { writeResult } from '../store/result.js';
import { runPaths } from '../store/run-folder.js';
import { averagedOf, markAverages } from '../train/averages.js';
import type { RunData } from '../train/data.js';
import { evaluate, loadPredictors, type Thresholds, thresholdsOf } from '../train/evaluate.js';
import type { LoopContext } from '../train/loop.js';
import { checkStop, Stopped } from '../train/stop.js';
import { present } from '../util/error.js';
import { describeMachine } from '../util/machine.js';
import { AGON_VERSION } from '../util/version.js';
import { assessBest, type BestEpoch, keepAnswers } from './assess-best.js';
import type { ContextOptions } from './context.js';

/** Finishes a run; returns its end where it was stopped meanwhile: what was left is done when it goes on. */
export async function finishUnlessStopped(
  options: ContextOptions,
  ...run: [data: RunData, group: Group, context: LoopContext]
): Promise<Position | undefined> {
  try {
    await finish(options, ...run);
    return undefined;
  } catch (error) {
    if (error instanceof Stopped) return (await readCheckpoint(runPaths(options.folder).last)).position;
    throw error;
  }
}

/**
 * Evaluates the best and the last epoch and leaves the result in the folder, then what there is to see in the answers of the best one, then exports its
 * winner: what the run came to is there also where that fails.
 */
async function finish(options: ContextOptions, data: RunData, group: Group, context: LoopContext) {
  const { settings, folder, emit, stopRequested } = options;
  const paths = runPaths(folder);
  const { best, last, seconds } = await evaluateEpochs(options, data, group, context);
  const trained = last.epoch + 1;
  const { network } = best;
  const winner = present(group.networks[network], 'the winner');
  const tested = best.evaluated.test?.networks[network];
  const epochs = { best: best.evaluated, last };
  await writeResult(paths.result, {
    settings,
    networks: [...group.networks],
    winner: network,
    ...epochs,
    seconds,
    imagesPerSecond: (trained * context.training.steps * settings.batchSize) / seconds,
    agon: AGON_VERSION,
    onnxruntime: ONNXRUNTIME_VERSION,
    machine: describeMachine(),
  });
  if (options.report !== false) await assessBest(options, data, group, context, best);
  emit({ type: 'phase', phase: 'export' });
  const check = () => checkStop(stopRequested);
  const scores = tested?.map === undefined ? { testAccuracy: tested?.accuracy } : { testMap: tested.map };
  const exported = await exportRun(folder, { checkpoint: 'best', ...scores, check });
  const { patience, epochs: of } = settings;
  const early = trained < of && { endedEarly: { epochs: trained, of, patience } };
  const { path: model, parity, preparation } = exported;
  emit({ type: 'end', winner, ...epochs, ...early, model, parity, ...(preparation !== undefined && { preparation }) });
}

/** What the networks of the best and the last checkpoint do on the validation and the test split. */
async function evaluateEpochs(
  { settings, folder, emit, report }: ContextOptions,
  data: RunData,
  group: Group,
  context: LoopContext,
): Promise<{ best: BestEpoch; last: EvaluatedEpoch; seconds: number }> {
  const paths = runPaths(folder);
  const [checkpoint, final] = [await readCheckpoint(paths.best), await readCheckpoint(paths.last)];
  const { epoch, network, validation, ensemble } = bestEpochOf(paths.best, checkpoint);
  for (const [path, each] of [
    [paths.best, checkpoint],
    [paths.last, final],
  ] as const) {
    checkTensors(path, each, group.graphs);
  }
  emit({ type: 'phase', phase: 'test' });
  const { test, validation: held } = data.dataset;
  const { predictors } = context;
  const measure = async (
    tensors: Checkpoint['tensors'],
    split: 'validation' | 'test',
    thresholds?: Thresholds,
    kept?: KeptAnswers,
  ): Promise<GroupEvaluation> => {
    loadPredictors(predictors, tensors);
    const loader = context.evaluation(split);
    const scoring = { task: settings.task, thresholds, onLogits: kept?.add };
    return evaluate(predictors, loader, data.preprocessing, scoring).finally(() => loader.close());
  };
  // What was found on the validation split is measured on the test split
  const found = (held?: Parameters<typeof thresholdsOf>[1]) => thresholdsOf(predictors.length, held);
  const averaged = averagedOf({ networks: validation });
  const answers = test && !held && report !== false ? keepAnswers(settings, data, group, 'test') : undefined;
  const evaluated: EvaluatedEpoch = {
    epoch,
    ...(validation && ensemble && { validation: { networks: validation, ensemble } }),
    ...(test && {
      test: markAverages(
        await measure(checkpoint.tensors, 'test', found({ networks: validation, ensemble }), answers),
        averaged,
      ),
    }),
  };
  const best = { checkpoint, network, evaluated, answers };
  const lastEpoch = final.position.epoch - 1;
  // A trial may be open where the run ended early
  const lastTensors = tensorsWithoutTrial(final);
  // The last checkpoint has the weights themselves
  if (epoch === lastEpoch && averaged.length === 0) return { best, last: evaluated, seconds: final.seconds };
  const atLast = held && (await measure(lastTensors, 'validation'));
  const last: EvaluatedEpoch = {
    epoch: lastEpoch,
    ...(atLast && { validation: atLast }),
    ...(test && { test: await measure(lastTensors, 'test', found(atLast)) }),
  };
  return { best, last, seconds: final.seconds };
}
