import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Evaluation, scoreOf } from '../events/evaluation.js';
import type { EndEvent, EpochEvent, StartEvent, TrainEvent } from '../events/events.js';
import { formatPercent } from '../report/format.js';
import { labelNetworks } from '../report/labels.js';
import { type AgonError, messageOf } from '../util/error.js';
import { AGON_VERSION } from '../util/version.js';

/** How a run ended: with its result, by being stopped, because a loss wasn't finite, or by any other error. */
export const ENDINGS = ['finished', 'stopped', 'diverged', 'failed'] as const;
export type Ending = (typeof ENDINGS)[number];

/** What is told of a run that has ended: docs/logs.md. */
export interface Notice {
  readonly version: 1;
  readonly event: Ending;
  /** All of it in one sentence: services for chats show a field of this name. */
  readonly text: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly host: string;
  /** The run's folder, absolute. */
  readonly run: string;
  readonly data?: string;
  /** Epochs that are done, and those that the run is to have. */
  readonly epochs?: { readonly done: number; readonly of: number };
  /** The networks, each with its last validation. */
  readonly networks?: readonly { readonly index: number; readonly name: string; readonly validation?: Evaluation }[];
  /** Of a run that has finished: its best network, as it was at its best epoch (from 0). */
  readonly winner?: {
    readonly index: number;
    readonly name: string;
    readonly epoch: number;
    readonly validation?: Evaluation;
    readonly test?: Evaluation;
  };
  /** What went wrong. */
  readonly error?: string;
  readonly agon: string;
}

/** What a run came to, gathered from its events. */
export class NoticeWriter {
  #start: StartEvent | undefined;
  #epoch: EpochEvent | undefined;
  #end: EndEvent | undefined;

  constructor(private readonly folder: string) {}

  onEvent(event: TrainEvent): void {
    if (event.type === 'start') {
      this.#start = event;
      this.#epoch = event.finishedEpochs?.at(-1);
    } else if (event.type === 'epoch') this.#epoch = event;
    else if (event.type === 'end') this.#end = event;
  }

  /** The notice of an end: an outcome, or what was thrown. */
  write(outcome: 'finished' | 'stopped' | { readonly error: unknown }, now: Date): Notice {
    const error = typeof outcome === 'object' ? messageOf(outcome.error) : undefined;
    const event = typeof outcome === 'object' ? endingOf(outcome.error) : outcome;
    const told = { ...this.#progress(), ...this.#winner(), ...(error !== undefined && { error }) };
    const head = { version: 1, event, text: this.#textOf(event, error) } as const;
    const place = { time: now.toISOString(), host: hostname(), run: resolve(this.folder) };
    return { ...head, ...place, ...told, agon: AGON_VERSION };
  }

  #progress(): Pick<Notice, 'data' | 'epochs' | 'networks'> {
    if (!this.#start) return {};
    const { settings, networks } = this.#start;
    return {
      data: settings.data,
      epochs: { done: this.#epochs, of: settings.epochs },
      networks: networks.map(({ index, name }, i) => {
        const validation = this.#epoch?.networks[i]?.validation;
        return { index, name, ...(validation && { validation }) };
      }),
    };
  }

  get #epochs(): number {
    return this.#epoch ? this.#epoch.epoch + 1 : 0;
  }

  #winner(): Pick<Notice, 'winner'> {
    if (!this.#end) return {};
    const { winner, best } = this.#end;
    const [validation, test] = [best.validation?.networks[winner.index], best.test?.networks[winner.index]];
    return {
      winner: {
        index: winner.index,
        name: winner.name,
        epoch: best.epoch,
        ...(validation && { validation }),
        ...(test && { test }),
      },
    };
  }

  /** `runs/photos finished: resnet8 #1 validates at 64.7 % (epoch 2 of 2)` */
  #textOf(event: Ending, error: string | undefined): string {
    const { winner } = this.#winner();
    if (winner && this.#start) {
      const label = labelNetworks(this.#start.networks)[winner.index] ?? winner.name;
      const measured = winner.validation ?? winner.test;
      const score = measured
        ? `${winner.validation ? 'validates' : 'tests'} at ${formatPercent(scoreOf(measured))}`
        : 'wins';
      return `${this.folder} ${event}: ${label} ${score} (epoch ${winner.epoch + 1} of ${this.#start.settings.epochs})`;
    }
    const where = this.#start ? ` after ${this.#epochs} of ${this.#start.settings.epochs} epochs` : '';
    return `${this.folder} ${event}${where}${error === undefined ? '' : `: ${error}`}`;
  }
}

function endingOf(error: unknown): Ending {
  const ours = error instanceof Error && error.name === 'AgonError' ? (error as AgonError) : undefined;
  return ours?.code === 'diverged' ? 'diverged' : 'failed';
}
