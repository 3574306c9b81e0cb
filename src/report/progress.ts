import type { EpochEvent, StartEvent, StepEvent } from '../events/events.js';

/** A network's running means over the steps of an epoch. */
export interface NetworkProgress {
  readonly loss: number;
  readonly accuracy: number;
  /** Share of the steps in which it had the lowest cross-entropy. */
  readonly won: number;
  /** Share of the steps in which it taught another. */
  readonly taught: number;
}

/** What of a run's events counts here. */
export interface ProgressStart extends Pick<StartEvent, 'stepsPerEpoch' | 'resumedAt'> {
  readonly settings: Pick<StartEvent['settings'], 'epochs' | 'batchSize'>;
  readonly networks: readonly unknown[];
}
type ProgressStep = Pick<StepEvent, 'epoch' | 'step' | 'lr' | 'ce' | 'accuracy' | 'teachers' | 'seconds' | 'waited'>;
type ProgressEpoch = Pick<EpochEvent, 'epoch'> & { readonly networks: readonly unknown[] };

/** How much a new step counts in the running mean of the steps' durations. */
const WEIGHT = 0.1;

/** What the events of a run add up to: running means, speed, and the time that is left. Reads no clock. */
export class RunProgress {
  epoch: number;
  /** Steps that are done in this epoch. */
  step: number;
  lr = Number.NaN;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly #batch: number;
  #sums: { loss: number; accuracy: number; won: number; taught: number }[] = [];
  #counted = 0;
  #seconds = 0;
  #waited = 0;
  readonly #pace = { sum: 0, weight: 0 };
  readonly #betweenEpochs = { sum: 0, count: 0 };
  #lastStepAt = Number.NaN;

  constructor({ settings, stepsPerEpoch, networks, resumedAt }: ProgressStart) {
    this.epochs = settings.epochs;
    this.stepsPerEpoch = stepsPerEpoch;
    this.#batch = settings.batchSize;
    this.epoch = resumedAt?.epoch ?? 0;
    this.step = resumedAt?.step ?? 0;
    this.#begin(networks.length);
  }

  /** `now` in seconds, from any origin. */
  addStep(event: ProgressStep, now: number): void {
    if (event.epoch !== this.epoch) this.#begin(this.#sums.length);
    this.epoch = event.epoch;
    this.step = event.step + 1;
    this.lr = event.lr;
    this.#lastStepAt = now;
    this.#pace.sum += WEIGHT * (event.seconds - this.#pace.sum);
    this.#pace.weight += WEIGHT * (1 - this.#pace.weight);
    this.#counted++;
    this.#seconds += event.seconds;
    this.#waited += event.waited;
    const winner = lowest(event.ce);
    this.#sums.forEach((sum, i) => {
      sum.loss += event.ce[i] ?? Number.NaN;
      sum.accuracy += event.accuracy[i] ?? Number.NaN;
      sum.won += i === winner ? 1 : 0;
      sum.taught += event.teachers.some((row, student) => student !== i && (row[i] ?? 0) > 0) ? 1 : 0;
    });
  }

  addEpoch(event: ProgressEpoch, now: number): void {
    if (Number.isFinite(this.#lastStepAt)) {
      this.#betweenEpochs.sum += now - this.#lastStepAt;
      this.#betweenEpochs.count++;
    }
    this.epoch = event.epoch + 1;
    this.step = 0;
    this.#begin(event.networks.length);
  }

  /** Means over the steps of this epoch that this process has seen; nothing before the first. */
  get networks(): Partial<NetworkProgress>[] {
    if (this.#counted === 0) return this.#sums.map(() => ({}));
    const mean = (sum: number) => sum / this.#counted;
    return this.#sums.map(({ loss, accuracy, won, taught }) => {
      return { loss: mean(loss), accuracy: mean(accuracy), won: mean(won), taught: mean(taught) };
    });
  }

  /** Share of the time of those steps that they waited for their batches; undefined before the first. */
  get stall(): number | undefined {
    return this.#counted > 0 ? this.#waited / this.#seconds : undefined;
  }

  get imagesPerSecond(): number {
    return this.#batch / this.#secondsPerStep;
  }

  /** Seconds to the end of the whole run: steps, and what comes after each epoch's steps. NaN before the first step. */
  get secondsLeft(): number {
    const epochs = Math.max(0, this.epochs - this.epoch);
    const steps = Math.max(0, epochs * this.stepsPerEpoch - this.step);
    const { sum, count } = this.#betweenEpochs;
    return steps * this.#secondsPerStep + (count > 0 ? (epochs * sum) / count : 0);
  }

  get #secondsPerStep(): number {
    return this.#pace.sum / this.#pace.weight;
  }

  #begin(networks: number): void {
    this.#counted = 0;
    this.#seconds = 0;
    this.#waited = 0;
    this.#sums = Array.from({ length: networks }, () => ({ loss: 0, accuracy: 0, won: 0, taught: 0 }));
  }
}

/** Index of the lowest number, the first of equals; -1 when one is NaN. */
function lowest(values: readonly number[]): number {
  return values.indexOf(Math.min(...values));
}
