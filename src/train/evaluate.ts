import type { Loader } from '../data/loader.js';
import type { Preprocessing } from '../data/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import type { Predictor } from '../runtime/predictor.js';
import { present } from '../util/error.js';
import type { Evaluation } from './events.js';

/** Gives the predictors the parameters of a state (`net<i>.<name>`). */
export function loadPredictors(predictors: readonly Predictor[], state: ReadonlyMap<string, Tensor>): void {
  predictors.forEach((predictor, i) => {
    predictor.load((name) => present(state.get(networkPrefix(i) + name), `parameter ${networkPrefix(i)}${name}`));
  });
}

/** Mean cross-entropy and accuracy of each network over all images of a loader, added up in float64. */
export async function evaluate(
  predictors: readonly Predictor[],
  loader: Loader,
  { channels, height, width }: Preprocessing,
): Promise<Evaluation[]> {
  const sums = predictors.map(() => ({ loss: 0, correct: 0 }));
  let images = 0;
  for await (const batch of loader.epoch()) {
    const input = tensor('float32', [batch.size, channels, height, width], batch.images);
    images += batch.size;
    for (const [i, predictor] of predictors.entries()) {
      const logits = await predictor.logits(input);
      const sum = present(sums[i], 'a sum');
      batch.labels.forEach((label, row) => {
        const { loss, correct } = scoreRow(logits, row, label);
        sum.loss += loss;
        sum.correct += correct;
      });
    }
  }
  return sums.map(({ loss, correct }) => ({ loss: loss / images, accuracy: correct / images }));
}

/** Cross-entropy of one row of logits, and whether the label has the largest (the first of equals). */
function scoreRow({ data, dims }: Tensor, row: number, label: number): { loss: number; correct: number } {
  const classes = dims[1] as number;
  const logits = (data as Float32Array).subarray(row * classes, (row + 1) * classes);
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, z) => total + Math.exp(z - largest), 0);
  const own = logits[label] as number;
  return { loss: Math.log(sum) + largest - own, correct: logits.indexOf(largest) === label ? 1 : 0 };
}
