import type { Batch, Loader } from '../data/batch/loader.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import type { Evaluation, GroupEvaluation } from '../events/evaluation.js';
import { chancesOf, LabelScores, meanChances } from '../metrics/label-scores.js';
import { meanProbabilities, Scores } from '../metrics/scores.js';
import type { Tensor } from '../onnx/tensor.js';
import type { Predictor } from '../runtime/predictor.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { type Task, USUAL_THRESHOLD } from '../util/task.js';
import { inputsOf, type NetworkBatch } from './batch-inputs.js';
import { probabilitiesOf, rowOf } from './logit-rows.js';

/** What evaluates one network: a {@link Predictor}, or a browser's. */
export type NetworkPredictor = Pick<Predictor, 'load' | 'logits'>;

/** Gives the predictors the parameters of a state (`net<i>.<name>`). */
export function loadPredictors(predictors: readonly NetworkPredictor[], state: ReadonlyMap<string, Tensor>): void {
  predictors.forEach((predictor, i) => {
    predictor.load((name) => present(state.get(networkPrefix(i) + name), `parameter ${networkPrefix(i)}${name}`));
  });
}

/** What an evaluation of images with any number of classes is made at: the thresholds of each network and of the ensemble. */
export interface Thresholds {
  readonly networks: readonly number[];
  readonly ensemble: number;
}

/** How the images are labelled. Without thresholds those are found that give the largest F1. */
export interface Scoring {
  readonly task: Task;
  readonly thresholds?: Thresholds | undefined;
  /** Gets the logits of each batch, one tensor for each network, in the order of the images. */
  readonly onLogits?: ((logits: readonly Tensor[], batch: NetworkBatch) => void) | undefined;
}

/** A group's evaluation, as far as there is one. */
interface Measured {
  readonly networks?: readonly Evaluation[] | undefined;
  readonly ensemble?: Evaluation | undefined;
}

/** The thresholds that an evaluation found; 0.5 where there is none. */
export function thresholdsOf(networks: number, validation: Measured = {}): Thresholds {
  const of = (evaluation?: Evaluation) => evaluation?.threshold ?? USUAL_THRESHOLD;
  return {
    networks: Array.from({ length: networks }, (_, i) => of(validation.networks?.[i])),
    ensemble: of(validation.ensemble),
  };
}

/** What each network does with all images of a loader, and what their ensemble does: the mean of their probabilities. */
export async function evaluate(
  predictors: readonly Pick<Predictor, 'logits'>[],
  loader: Pick<Loader<NetworkBatch>, 'epoch'>,
  input: Preprocessing,
  { task, thresholds, onLogits }: Scoring = { task: 'single-label' },
): Promise<GroupEvaluation> {
  const group = task === 'multi-label' ? new LabelledGroup(predictors.length) : new ClassifiedGroup(predictors.length);
  for await (const batch of loader.epoch()) {
    const inputs = inputsOf(batch, predictors.length, input);
    const logits: Tensor[] = [];
    for (const [i, predictor] of predictors.entries()) logits.push(await predictor.logits(at(inputs, i)));
    onLogits?.(logits, batch);
    for (let row = 0; row < batch.size; row++) group.add(logits, batch, row);
  }
  return group.result(thresholds);
}

/** Networks and their ensemble on images of one class each. */
class ClassifiedGroup {
  readonly #networks: readonly Scores[];
  readonly #ensemble = new Scores();

  constructor(count: number) {
    this.#networks = Array.from({ length: count }, () => new Scores());
  }

  add(logits: readonly Tensor[], { labels }: Pick<Batch, 'labels'>, row: number): void {
    const label = at(labels, row);
    const probabilities = logits.map((each) => probabilitiesOf(each, row));
    probabilities.forEach((each, i) => {
      this.#networks[i]?.add(each, label);
    });
    this.#ensemble.add(meanProbabilities(probabilities), label);
  }

  result(): GroupEvaluation {
    return { networks: this.#networks.map((scores) => scores.result()), ensemble: this.#ensemble.result() };
  }
}

/** Networks and their ensemble on images of any number of classes. */
class LabelledGroup {
  readonly #networks: readonly LabelScores[];
  readonly #ensemble = new LabelScores();

  constructor(count: number) {
    this.#networks = Array.from({ length: count }, () => new LabelScores());
  }

  add(logits: readonly Tensor[], { targets, size }: Pick<Batch, 'targets' | 'size'>, row: number): void {
    const all = present(targets, 'the targets of the images');
    const classes = all.length / size;
    const own = all.subarray(row * classes, (row + 1) * classes);
    const chances = logits.map((each) => chancesOf(rowOf(each, row)));
    chances.forEach((each, i) => {
      this.#networks[i]?.add(each, own);
    });
    this.#ensemble.add(meanChances(chances), own);
  }

  result(thresholds?: Thresholds): GroupEvaluation {
    return {
      networks: this.#networks.map((scores, i) => scores.result(thresholds?.networks[i])),
      ensemble: this.#ensemble.result(thresholds?.ensemble),
    };
  }
}
