/**
 * The learning-rate range test (Smith 2017): rates that grow exponentially from step to step, as fastai has them, until the running
 * mean of the loss is four times its lowest.
 */
export const RANGE_TEST = { from: 1e-7, to: 10, steps: 100, smoothing: 0.98, diverged: 4 } as const;

/** What fastai leaves out of its curve on both sides, before it looks for the best rate: the tenth at the start, five steps at the end. */
const TRIM = { start: 0.1, end: 5 };
/** The standard deviation in steps over which a curve is smoothed: about a third of a decade. */
const SIGMA = 4;
/** A slope is taken from so many steps before to as many after, where a rate is at most so many steps (three decades) below the lowest loss. */
const SLOPE = { reach: 3, steps: 37 };

/** The rate of a step, from 0. */
export function rateOfStep(step: number): number {
  const { from, to, steps } = RANGE_TEST;
  return from * (to / from) ** (step / (steps - 1));
}

/** The running mean of a network's loss, which says when to end the test. */
export class RunningLoss {
  #count = 0;
  #mean = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #last = 0;

  /** Takes the loss of the next step. */
  add(loss: number): void {
    const { smoothing } = RANGE_TEST;
    this.#count++;
    this.#mean = smoothing * this.#mean + (1 - smoothing) * loss;
    this.#last = this.#mean / (1 - smoothing ** this.#count);
    this.#lowest = Math.min(this.#lowest, this.#last);
  }

  /** Whether it isn't finite, or far above its lowest. */
  get diverged(): boolean {
    return !Number.isFinite(this.#last) || this.#last > RANGE_TEST.diverged * this.#lowest;
  }
}

/** Losses smoothed by a normal curve to both sides, which delays nothing, up to the first that is not finite. */
export function smoothLosses(losses: readonly number[]): number[] {
  const end = losses.findIndex((loss) => !Number.isFinite(loss));
  const finite = end < 0 ? losses : losses.slice(0, end);
  return finite.map((_, i) => {
    const weights = finite.map((__, j) => Math.exp(-((i - j) ** 2) / (2 * SIGMA ** 2)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return finite.reduce((sum, loss, j) => sum + loss * (weights[j] ?? 0), 0) / total;
  });
}

/** Rates that a curve suggests. */
export interface SuggestedRates {
  /** Where the loss falls fastest, and the step at which it was that. */
  readonly steepest: number;
  readonly steepestStep: number;
  /** A tenth of the rate with the lowest loss. */
  readonly tenthOfLowest: number;
}

/** What a smoothed curve suggests; undefined where it is too short, or its loss never falls. */
export function suggestRates(smoothed: readonly number[]): SuggestedRates | undefined {
  const [first, end] = [Math.floor(TRIM.start * smoothed.length), smoothed.length - TRIM.end];
  const part = smoothed.slice(first, Math.max(first, end));
  const lowest = first + part.indexOf(Math.min(...part));
  const slopes = smoothed.map((_, i) => {
    const [before, after] = [smoothed[i - SLOPE.reach], smoothed[i + SLOPE.reach]];
    const isNear = i >= first && i <= lowest && i >= lowest - SLOPE.steps;
    return isNear && before !== undefined && after !== undefined ? after - before : Number.POSITIVE_INFINITY;
  });
  const least = Math.min(...slopes);
  if (part.length === 0 || !(least < 0)) return undefined;
  const steepestStep = slopes.indexOf(least);
  return { steepest: rateOfStep(steepestStep), steepestStep, tenthOfLowest: rateOfStep(lowest) / 10 };
}
