import type { LineageStep } from '../../lineage/lineage.js';
import type { ReportedTrial, Teaching } from '../content/report-data.js';
import { StepBins } from './step-bins.js';

const MOST_POINTS = 160;
/** Of the trials that ended, the last ones are kept. */
const MOST_TRIALS = 300;

interface Counts {
  steps: number;
  readonly won: number[];
  /** By student, then teacher. */
  readonly taught: number[][];
}

/** Who taught whom over the steps of a run, who won, and how trials ended. */
export class TeachingBins {
  readonly #bins: StepBins<Counts>;
  readonly #trials: ReportedTrial[] = [];

  constructor(private readonly networks: number) {
    const empty = () => noCounts(networks);
    this.#bins = new StepBins(MOST_POINTS, empty, (a, b) => [a, b].reduce(addCounts, empty()));
  }

  /** Adds a step, counted over the run. */
  add(step: number, { winner, teachers, verdict }: Pick<LineageStep, 'winner' | 'teachers' | 'verdict'>): void {
    const point = this.#bins.pointOf(step);
    point.steps++;
    point.won[winner] = (point.won[winner] ?? 0) + 1;
    for (const [i, row] of point.taught.entries()) {
      for (const j of row.keys()) if (teachers[i]?.[j]) row[j] = (row[j] ?? 0) + 1;
    }
    if (verdict) this.#trials.push({ step, ...verdict });
    if (this.#trials.length > MOST_TRIALS) this.#trials.shift();
  }

  /** The last trials that ended. */
  get trials(): readonly ReportedTrial[] {
    return [...this.#trials];
  }

  /** Who taught whom so far; undefined before the first step. */
  get teaching(): Teaching | undefined {
    const { points, steps, stepsEach } = this.#bins;
    const total = points.reduce(addCounts, noCounts(this.networks));
    if (total.steps === 0) return undefined;
    const each = <T>(of: (i: number) => T) => Array.from({ length: this.networks }, (_, i) => of(i));
    const shares = (of: (counts: Counts) => number) => points.map((counts) => share(of(counts), counts.steps));
    return {
      steps,
      stepsEach,
      won: each((i) => shares(({ won }) => won[i] ?? 0)),
      taught: each((i) => each((j) => shares(({ taught }) => taught[i]?.[j] ?? 0))),
      total: {
        won: each((i) => share(total.won[i] ?? 0, total.steps)),
        taught: each((i) => each((j) => share(total.taught[i]?.[j] ?? 0, total.steps))),
      },
    };
  }
}

function noCounts(networks: number): Counts {
  const zeros = () => new Array<number>(networks).fill(0);
  return { steps: 0, won: zeros(), taught: Array.from({ length: networks }, zeros) };
}

/** Adds to the first, in place. */
function addCounts(sum: Counts, { steps, won, taught }: Counts): Counts {
  sum.steps += steps;
  for (const [i, count] of won.entries()) sum.won[i] = (sum.won[i] ?? 0) + count;
  for (const [i, row] of sum.taught.entries()) {
    for (const j of row.keys()) row[j] = (row[j] ?? 0) + (taught[i]?.[j] ?? 0);
  }
  return sum;
}

function share(count: number, steps: number): number {
  return steps === 0 ? 0 : Number((count / steps).toFixed(4));
}
