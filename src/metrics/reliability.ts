/** Bins of equal width, from 0 to 1 (Guo et al. 2017). */
const BINS = 15;

/** The decisions whose stated probability lies in [lower, upper), of the last bin also 1. */
export interface ReliabilityBin {
  lower: number;
  upper: number;
  count: number;
  /** The mean stated probability, and the share that was right. Null in an empty bin. */
  confidence: number | null;
  accuracy: number | null;
}

/** Sums over decisions, in float64, of what a reliability diagram shows: how often what was said with some probability was right. */
export class Reliability {
  #count = 0;
  readonly #bins = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }));

  /** Adds a decision: the probability that it was stated with, in [0, 1], and whether it was right. */
  add(confidence: number, right: boolean): void {
    this.#count++;
    const bin = this.#bins[Math.min(BINS - 1, Math.floor(confidence * BINS))];
    if (!bin) return;
    bin.count++;
    bin.confidence += confidence;
    bin.right += right ? 1 : 0;
  }

  /** All bins, from the lowest up. */
  bins(): ReliabilityBin[] {
    return this.#bins.map(({ count, confidence, right }, i) => {
      const mean = (sum: number) => (count === 0 ? null : sum / count);
      const edges = { lower: i / BINS, upper: (i + 1) / BINS };
      return { ...edges, count, confidence: mean(confidence), accuracy: mean(right) };
    });
  }

  /** The expected calibration error: the mean over decisions of |accuracy - confidence| of each one's bin. */
  ece(): number {
    const gaps = this.#bins.reduce((sum, { confidence, right }) => sum + Math.abs(right - confidence), 0);
    return gaps / this.#count;
  }
}
