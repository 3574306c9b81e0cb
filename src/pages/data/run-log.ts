import { lowest } from '../../distill/trial.js';
import type { PerturbationResults } from '../../events/events.js';
import type { Lineage } from '../../lineage/lineage-file.js';
import type { ReportData, ReportedEpoch, StepCurves } from '../content/report-data.js';
import { CurveBins } from './curve.js';
import type { LoggedEpoch, LoggedEvent, LoggedStart, LoggedStep } from './logged-events.js';
import { TeachingBins } from './teaching.js';

/** Messages that are kept: the first ones. */
const MOST_MESSAGES = 100;

/** What the events of a run add up to. */
export class RunLog {
  start: LoggedStart | undefined;
  ended: 'stopped' | 'finished' | undefined;
  parity: number | undefined;
  readonly messages: ReportData['messages'][number][] = [];
  teaching: TeachingBins | undefined;
  readonly #epochs = new Map<number, LoggedEpoch>();
  readonly #lr = new CurveBins();
  readonly #loss: CurveBins[] = [];

  /** Adds the next event. */
  add(event: LoggedEvent): void {
    switch (event.type) {
      case 'start':
        this.start = event;
        this.teaching ??= new TeachingBins(event.networks.length);
        this.ended = undefined;
        return;
      case 'step':
        this.#addStep(event);
        return;
      case 'epoch':
        this.#epochs.set(event.epoch, event);
        return;
      case 'stop':
        this.ended = 'stopped';
        return;
      case 'end':
        this.ended = 'finished';
        this.parity = event.parity ?? undefined;
        return;
      default:
        if (this.messages.length < MOST_MESSAGES) this.messages.push(event);
    }
  }

  /** Adds the steps of a lineage, for a run whose log isn't there. */
  addLineage({ networks, steps }: Pick<Lineage, 'networks' | 'steps'>): void {
    const teaching = new TeachingBins(networks.length);
    for (const [count, step] of steps.entries()) if (step) teaching.add(count, step);
    this.teaching = teaching;
  }

  #addStep({ epoch, step, lr, ce, teachers, verdict }: LoggedStep): void {
    if (!this.start) return;
    this.ended = undefined;
    const count = epoch * this.start.stepsPerEpoch + step;
    this.#lr.add(count, lr);
    for (const i of this.start.networks.keys()) {
      this.#loss[i] ??= new CurveBins();
      this.#loss[i].add(count, ce[i]);
    }
    this.teaching?.add(count, {
      winner: lowest(ce.map((loss) => loss ?? Number.POSITIVE_INFINITY)),
      teachers: teachers.map((row) => row.map((weight) => (weight ?? 0) > 0)),
      ...(verdict && { verdict }),
    });
  }

  /** The epochs so far, in their order. */
  get epochs(): ReportedEpoch[] {
    return [...this.#epochs.values()].sort((a, b) => a.epoch - b.epoch).map(reported);
  }

  /** The steps so far. */
  get curves(): StepCurves | undefined {
    const { steps, stepsEach, curve } = this.#lr;
    return steps === 0 ? undefined : { steps, stepsEach, lr: curve, loss: this.#loss.map((each) => each.curve) };
  }

  /** How the perturbations of all epochs did. */
  get perturbations(): PerturbationResults {
    const all = [...this.#epochs.values()].map(({ perturbations }) => perturbations);
    return {
      input: inputsOf(all.flatMap(({ input }) => input)),
      parameters: parametersOf(all.flatMap(({ parameters }) => parameters)),
    };
  }
}

function reported({ epoch, lr, networks, seconds, waited, imagesPerSecond }: LoggedEpoch): ReportedEpoch {
  return {
    epoch,
    lr: lr ?? 0,
    networks: networks.map(({ loss, accuracy, won, validation }) => {
      return { loss, accuracy, won: won ?? 0, ...(validation && { validation }) };
    }),
    seconds: seconds ?? 0,
    waited: waited ?? 0,
    imagesPerSecond: imagesPerSecond ?? 0,
  };
}

type Results = LoggedEpoch['perturbations'];

function inputsOf(results: Results['input']): PerturbationResults['input'] {
  return byOperation(results).map(([operation, own]) => {
    const fired = sum(own, (each) => each.fired);
    const difference = sum(own, (each) => (each.difference ?? 0) * each.fired) / (fired || 1);
    return { operation, fired, won: sum(own, (each) => each.won), difference };
  });
}

function parametersOf(results: Results['parameters']): PerturbationResults['parameters'] {
  return byOperation(results).map(([operation, own]) => {
    const [fired, kept] = [sum(own, (each) => each.fired), sum(own, (each) => each.kept)];
    const [rolledBack, diverged] = [sum(own, (each) => each.rolledBack), sum(own, (each) => each.diverged)];
    const ranked = ({ kept, rolledBack, diverged }: (typeof own)[number]) => kept + rolledBack - diverged;
    const gain = sum(own, (each) => (each.gain ?? 0) * ranked(each)) / (sum(own, ranked) || 1);
    return { operation, fired, kept, rolledBack, diverged, gain: sum(own, ranked) > 0 ? gain : null };
  });
}

function byOperation<T extends { readonly operation: string }>(results: readonly T[]): [string, T[]][] {
  const names = [...new Set(results.map(({ operation }) => operation))].sort();
  return names.map((name) => [name, results.filter(({ operation }) => operation === name)]);
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}
