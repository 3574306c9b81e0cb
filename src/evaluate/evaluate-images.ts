import type { Batch } from '../data/batch/loader.js';
import type { Split } from '../data/dataset/dataset.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import type { GroupEvaluation } from '../events/evaluation.js';
import type { Predictor } from '../runtime/predictor.js';
import type { Settings } from '../settings/settings.js';
import { evaluationLoader } from '../train/data.js';
import { evaluate, type Scoring } from '../train/evaluate.js';

/** What networks and their ensemble do with all images of some splits. */
export async function evaluateImages(
  predictors: readonly Pick<Predictor, 'logits'>[],
  splits: readonly Split[],
  preprocessing: Preprocessing,
  settings: Pick<Settings, 'batchSize' | 'workers'>,
  scoring: Scoring,
): Promise<GroupEvaluation> {
  return evaluate(predictors, { epoch: () => batchesOf(splits, preprocessing, settings) }, preprocessing, scoring);
}

async function* batchesOf(
  splits: readonly Split[],
  preprocessing: Preprocessing,
  settings: Pick<Settings, 'batchSize' | 'workers'>,
): AsyncGenerator<Batch, void, undefined> {
  for (const split of splits) {
    const loader = evaluationLoader(split, preprocessing, settings);
    try {
      yield* loader.epoch();
    } finally {
      await loader.close();
    }
  }
}
