import { at } from '../util/checked.js';

/** How long calls took, in milliseconds. */
export interface Timing {
  readonly runs: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly imagesPerSecond: number;
}

/** Calls that aren't measured, and those that are, at least. */
const LEAST_WARM = 2;
const LEAST_RUNS = 3;
/** The share of the time that is measured for which calls aren't, before it. */
const WARM_UP = 0.2;

/** Calls `work`, which handles `images` images, again and again for so many seconds, and some more before. */
export async function timeCalls(work: () => Promise<unknown>, images: number, seconds: number): Promise<Timing> {
  await callFor(work, WARM_UP * seconds, LEAST_WARM);
  return timingOf(await callFor(work, seconds, LEAST_RUNS), images);
}

async function callFor(work: () => Promise<unknown>, seconds: number, least: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + 1000 * seconds;
  while (times.length < least || performance.now() < end) {
    const begin = performance.now();
    await work();
    times.push(performance.now() - begin);
  }
  return times;
}

/** What milliseconds of calls with so many images each come to. */
export function timingOf(times: readonly number[], images: number): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const total = sorted.reduce((a, b) => a + b, 0);
  return {
    runs: times.length,
    mean: total / times.length,
    p50: percentile(sorted, 0.5),
    p90: percentile(sorted, 0.9),
    p99: percentile(sorted, 0.99),
    imagesPerSecond: (1000 * images * times.length) / total,
  };
}

/** The least of ascending values that a share of all don't exceed (nearest rank). */
function percentile(sorted: readonly number[], share: number): number {
  return at(sorted, Math.max(0, Math.ceil(share * sorted.length) - 1));
}
