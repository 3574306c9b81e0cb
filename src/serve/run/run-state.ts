import type { PhaseEvent } from '../../events/events.js';
import type { LiveProgress } from '../../pages/show/progress.js';
import { labelNetworks } from '../../report/labels.js';
import { describePhase } from '../../report/live-report.js';
import { RunProgress } from '../../report/progress.js';
import { type LoggedEpoch, type LoggedEvent, type LoggedStart, loggedEvent } from './logged-events.js';

/** What a run's log has told so far. */
export class RunState {
  start: LoggedStart | undefined;
  /** How the log ends, where it has come to an end. */
  outcome: 'end' | 'stop' | undefined;
  /** Grows with everything that lasts: all but steps and phases. */
  version = 0;
  /** Grows with steps. */
  steps = 0;
  readonly #epochs = new Map<number, LoggedEpoch>();
  #progress: RunProgress | undefined;
  #doing: string | undefined;

  /** @param now - seconds, from any origin. */
  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  /** Adds the next event of the log; `live`: it happens now. What is no event, or a damaged one, is passed over. */
  add(event: unknown, live: boolean): void {
    const { data } = loggedEvent.safeParse(event);
    if (data) this.#take(data, live ? this.now() : Number.NaN);
  }

  /** Forgets all: another run is in the folder. */
  clear(): void {
    this.start = undefined;
    this.outcome = undefined;
    this.version++;
    this.#epochs.clear();
    this.#progress = undefined;
    this.#doing = undefined;
  }

  /** The epochs so far, in their order. */
  get epochs(): LoggedEpoch[] {
    return [...this.#epochs.values()].sort((a, b) => a.epoch - b.epoch);
  }

  /** Names of the networks, told apart. */
  get labels(): string[] {
    return labelNetworks(this.start?.networks ?? []);
  }

  /** How far it is; undefined where nothing was told yet. */
  get progress(): LiveProgress | undefined {
    const progress = this.#progress;
    if (!progress) return this.#doing === undefined ? undefined : { ...NOTHING, doing: this.#doing };
    const { epoch, epochs, step, stepsPerEpoch, imagesPerSecond, secondsLeft } = progress;
    const { labels } = this;
    const networks = progress.networks.map(({ loss, accuracy }, i) => {
      return {
        label: labels[i] ?? '',
        ...(loss !== undefined && { loss }),
        ...(accuracy !== undefined && { accuracy }),
      };
    });
    const doing = this.#doing === undefined ? {} : { doing: this.#doing };
    return { epoch, epochs, step, stepsPerEpoch, imagesPerSecond, secondsLeft, networks, ...doing };
  }

  #take(event: LoggedEvent, now: number): void {
    if (event.type === 'phase') {
      this.#doing = describePhase(event as PhaseEvent);
      return;
    }
    this.#doing = undefined;
    if (event.type === 'step') {
      this.steps++;
      this.outcome = undefined;
      this.#progress?.addStep(event, now);
      return;
    }
    this.version++;
    if (event.type === 'start') this.#begin(event);
    else if (event.type === 'epoch') this.#addEpoch(event, now);
    else this.outcome = event.type;
  }

  #begin(start: LoggedStart): void {
    this.start = start;
    this.outcome = undefined;
    this.#progress = new RunProgress(start as ConstructorParameters<typeof RunProgress>[0]);
  }

  #addEpoch(event: LoggedEpoch, now: number): void {
    this.#epochs.set(event.epoch, event);
    this.#progress?.addEpoch(event, now);
  }
}

const NOTHING: LiveProgress = {
  epoch: 0,
  epochs: 0,
  step: 0,
  stepsPerEpoch: 0,
  imagesPerSecond: null,
  secondsLeft: null,
  networks: [],
};
