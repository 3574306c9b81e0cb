import type { Curve } from '../content/report-data.js';
import { StepBins } from './step-bins.js';

/** Points of a curve: lines of a report are about as many pixels wide. */
export const MOST_POINTS = 400;

interface Spread {
  low: number;
  high: number;
  sum: number;
  count: number;
}

/** Numbers over the steps of a run. Those that aren't finite are left out. */
export class CurveBins extends StepBins<Spread> {
  constructor() {
    const empty = () => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY, sum: 0, count: 0 });
    super(MOST_POINTS, empty, (a, b) => ({
      low: Math.min(a.low, b.low),
      high: Math.max(a.high, b.high),
      sum: a.sum + b.sum,
      count: a.count + b.count,
    }));
  }

  /** Adds the number of a step, counted over the run. */
  add(step: number, value: number | null | undefined): void {
    const point = this.pointOf(step);
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    point.low = Math.min(point.low, value);
    point.high = Math.max(point.high, value);
    point.sum += value;
    point.count++;
  }

  /** The curve so far. */
  get curve(): Curve {
    const filled = (of: (spread: Spread) => number) => {
      return this.points.map((spread) => (spread.count > 0 ? short(of(spread)) : null));
    };
    return {
      low: filled(({ low }) => low),
      mean: filled(({ sum, count }) => sum / count),
      high: filled(({ high }) => high),
    };
  }
}

/** As many digits as a chart can show. */
export function short(value: number): number {
  return Number(value.toPrecision(5));
}
