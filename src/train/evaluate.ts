import type { Loader } from '../data/batch/loader.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import type { GroupEvaluation } from '../events/evaluation.js';
import type { Tensor } from '../onnx/tensor.js';
import type { Predictor } from '../runtime/predictor.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { inputsOf, type NetworkBatch } from './batch-inputs.js';
import { meanProbabilities, probabilitiesOf, Scores } from './scores.js';

/** Gives the predictors the parameters of a state (`net<i>.<name>`). */
export function loadPredictors(predictors: readonly Predictor[], state: ReadonlyMap<string, Tensor>): void {
  predictors.forEach((predictor, i) => {
    predictor.load((name) => present(state.get(networkPrefix(i) + name), `parameter ${networkPrefix(i)}${name}`));
  });
}

/** What each network does with all images of a loader, and what their ensemble does: the mean of their probabilities. */
export async function evaluate(
  predictors: readonly Pick<Predictor, 'logits'>[],
  loader: Pick<Loader<NetworkBatch>, 'epoch'>,
  input: Preprocessing,
): Promise<GroupEvaluation> {
  const networks = predictors.map(() => new Scores());
  const ensemble = new Scores();
  for await (const batch of loader.epoch()) {
    const inputs = inputsOf(batch, predictors.length, input);
    const logits: Tensor[] = [];
    for (const [i, predictor] of predictors.entries()) logits.push(await predictor.logits(at(inputs, i)));
    for (const [row, label] of batch.labels.entries()) {
      const probabilities = logits.map((each) => probabilitiesOf(each, row));
      probabilities.forEach((each, i) => {
        networks[i]?.add(each, label);
      });
      ensemble.add(meanProbabilities(probabilities), label);
    }
  }
  return { networks: networks.map((scores) => scores.result()), ensemble: ensemble.result() };
}
