import type { Evaluation } from '../events/evaluation.js';
import type { Tensor } from '../onnx/tensor.js';
import { float32Data } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import { softmax } from '../util/maths/softmax.js';

/** Bins of equal width for the expected calibration error (Guo et al. 2017). */
const BINS = 15;
const TOP = 5;
/** The least probability whose logarithm is taken: an ensemble's may round to 0. */
const LEAST = Number.MIN_VALUE;

/** Sums over images, in float64, of what an {@link Evaluation} is made of. */
export class Scores {
  #images = 0;
  #loss = 0;
  #correct = 0;
  #top = 0;
  readonly #bins = Array.from({ length: BINS }, () => ({ confidence: 0, correct: 0 }));

  /** Adds an image: its probabilities, which add up to 1, and its class. */
  add(probabilities: Float64Array, label: number): void {
    const own = at(probabilities, label);
    const confidence = probabilities.reduce((a, b) => Math.max(a, b), 0);
    const correct = probabilities.indexOf(confidence) === label;
    // Of equal probabilities the first one counts as larger
    const before = probabilities.reduce((n, p, i) => n + (p > own || (p === own && i < label) ? 1 : 0), 0);
    const bin = this.#bins[Math.min(BINS - 1, Math.floor(confidence * BINS))];
    this.#images++;
    this.#loss -= Math.log(Math.max(LEAST, own));
    this.#correct += correct ? 1 : 0;
    this.#top += before < TOP ? 1 : 0;
    if (bin) {
      bin.confidence += confidence;
      bin.correct += correct ? 1 : 0;
    }
  }

  /** The error is the mean over images of |accuracy - confidence| of each one's bin. */
  result(): Evaluation {
    const gaps = this.#bins.reduce((sum, { confidence, correct }) => sum + Math.abs(correct - confidence), 0);
    const share = (sum: number) => sum / this.#images;
    return { loss: share(this.#loss), accuracy: share(this.#correct), top5: share(this.#top), ece: share(gaps) };
  }
}

/** The softmax of one row of logits [N, classes], in float64. */
export function probabilitiesOf(logits: Tensor, row: number): Float64Array {
  const classes = at(logits.dims, 1);
  return softmax(float32Data(logits).subarray(row * classes, (row + 1) * classes));
}

/** The mean of several networks' probabilities. */
export function meanProbabilities(all: readonly Float64Array[]): Float64Array {
  return at(all, 0).map((_, i) => all.reduce((sum, each) => sum + at(each, i), 0) / all.length);
}
