import { at } from '../util/checked.js';
import { sigmoid } from '../util/maths/sigmoid.js';
import { USUAL_THRESHOLD } from '../util/task.js';
import { averagePrecision, bestThreshold, f1, type Scored } from './average-precision.js';

/** The least probability whose logarithm is taken. */
const LEAST = Number.MIN_VALUE;

/** The probabilities that an image has each class, and that it hasn't: both, as a difference from 1 has no small numbers. */
export interface Chances {
  readonly has: Float64Array;
  readonly hasNot: Float64Array;
}

/** Means over images, and what depends on a threshold: as `Evaluation` says it. */
export interface LabelResult {
  loss: number;
  accuracy: number;
  map: number;
  threshold: number;
  microF1: number;
  macroF1: number;
}

interface ScoredImage extends Pick<Chances, 'has'> {
  readonly targets: ArrayLike<number>;
}

/** What an `Evaluation` of images with any number of classes is made of: all probabilities. */
export class LabelScores {
  #loss = 0;
  readonly #images: ScoredImage[] = [];

  /** Adds an image: its probabilities, and 1 for each of its classes, else 0. */
  add({ has, hasNot }: Chances, targets: ArrayLike<number>): void {
    const losses = has.map((p, c) => -Math.log(Math.max(LEAST, at(targets, c) === 1 ? p : at(hasNot, c))));
    this.#loss += losses.reduce((a, b) => a + b, 0) / has.length;
    this.#images.push({ has, targets });
  }

  /** At a threshold; where none is given at the one that gives the largest micro-F1. */
  result(given?: number): LabelResult {
    const classes = this.#byClass().filter(({ positives }) => positives > 0);
    const all = this.#scored();
    const threshold = given ?? bestThreshold(all) ?? USUAL_THRESHOLD;
    const mean = (of: (own: Scored) => number) =>
      classes.reduce((sum, own) => sum + of(own), 0) / (classes.length || 1);
    const isRight = ({ has, targets }: ScoredImage) => has.every((p, c) => p >= threshold === (at(targets, c) === 1));
    const { length } = this.#images;
    return {
      loss: this.#loss / length,
      accuracy: this.#images.filter(isRight).length / length,
      map: mean(averagePrecision),
      threshold,
      microF1: f1(all, threshold),
      macroF1: mean((own) => f1(own, threshold)),
    };
  }

  #byClass(): Scored[] {
    const { length } = this.#images[0]?.has ?? [];
    return Array.from({ length }, (_, c) => this.#scored(c));
  }

  /** The probabilities of one class, or of all. */
  #scored(only?: number): Scored {
    const pick = (row: ArrayLike<number>) => (only === undefined ? Array.from(row) : [at(row, only)]);
    const scores = Float64Array.from(this.#images.flatMap(({ has }) => pick(has)));
    const truths = Uint8Array.from(this.#images.flatMap(({ targets }) => pick(targets)));
    return { scores, truths, positives: truths.reduce((a, b) => a + b, 0) };
  }
}

/** The sigmoids of an image's logits, in float64. */
export function chancesOf(logits: ArrayLike<number>): Chances {
  const own = Float64Array.from(logits);
  return { has: own.map(sigmoid), hasNot: own.map((z) => sigmoid(-z)) };
}

/** The mean of several networks' probabilities. */
export function meanChances(all: readonly Chances[]): Chances {
  const mean = (of: keyof Chances) =>
    at(all, 0)[of].map((_, c) => all.reduce((sum, each) => sum + at(each[of], c), 0) / all.length);
  return { has: mean('has'), hasNot: mean('hasNot') };
}
