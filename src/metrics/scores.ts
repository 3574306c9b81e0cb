import { at } from '../util/checked.js';
import { Reliability } from './reliability.js';

const TOP = 5;
/** The least probability whose logarithm is taken: an ensemble's may round to 0. */
const LEAST = Number.MIN_VALUE;

/** Sums over images of one class each, in float64, of what an `Evaluation` is made of. */
export class Scores {
  #images = 0;
  #loss = 0;
  #correct = 0;
  #top = 0;
  readonly #reliability = new Reliability();

  /** Adds an image: its probabilities, which add up to 1, and its class. */
  add(probabilities: Float64Array, label: number): void {
    const own = at(probabilities, label);
    const confidence = probabilities.reduce((a, b) => Math.max(a, b), 0);
    const correct = probabilities.indexOf(confidence) === label;
    // Of equal probabilities the first one counts as larger
    const before = probabilities.reduce((n, p, i) => n + (p > own || (p === own && i < label) ? 1 : 0), 0);
    this.#images++;
    this.#loss -= Math.log(Math.max(LEAST, own));
    this.#correct += correct ? 1 : 0;
    this.#top += before < TOP ? 1 : 0;
    this.#reliability.add(confidence, correct);
  }

  /** Means over the images: cross-entropy, share of right answers, share of labels among the five most probable, calibration error. */
  result(): { loss: number; accuracy: number; top5: number; ece: number } {
    const share = (sum: number) => sum / this.#images;
    return {
      loss: share(this.#loss),
      accuracy: share(this.#correct),
      top5: share(this.#top),
      ece: this.#reliability.ece(),
    };
  }
}

/** The mean of several networks' probabilities. */
export function meanProbabilities(all: readonly Float64Array[]): Float64Array {
  return at(all, 0).map((_, i) => all.reduce((sum, each) => sum + at(each, i), 0) / all.length);
}
