import type { Loader } from '../data/batch/loader.js';
import { bestOther } from '../distill/trial.js';
import type { Emit, NetworkInfo, Position, StepEvent } from '../events/events.js';
import { lineageOf } from '../lineage/lineage.js';
import type { LineageFile } from '../lineage/lineage-file.js';
import type { StepRunner } from '../runtime/step-runner.js';
import { beginBurst } from '../runtime/stepping/bursts.js';
import { at } from '../util/checked.js';
import type { TrainingBatch } from './batch-inputs.js';
import { checkFinite } from './diverged.js';
import { type FeedSource, feedsFor } from './feeds.js';
import { checkHalfStep } from './float16.js';
import type { LearningRates } from './learning-rates.js';
import type { ParameterPerturbation } from './parameter-perturbation.js';
import { type Measured, readStep, type Tally } from './tally.js';

/** What the steps of an epoch work with. */
export interface StepContext extends FeedSource {
  readonly networks: readonly NetworkInfo[];
  readonly stepper: StepRunner;
  /** Steps whose numbers come together, at most. */
  readonly burst: number;
  /** Where parameters are to be perturbed. */
  readonly perturbation: ParameterPerturbation | undefined;
  readonly training: Loader<TrainingBatch>;
  readonly rates: LearningRates;
  readonly lineage: Pick<LineageFile, 'append'>;
  readonly emit: Emit;
  /** Seconds on a clock that only goes forward. */
  readonly now: () => number;
  readonly stopRequested: () => boolean;
  /** Whether a checkpoint is due within the epoch. */
  readonly saver: { readonly isDue: boolean };
}

/** The steps of an epoch from a position on; returns where it ended, which is short of the end after a stop, or after a step where a checkpoint is due. */
export async function trainSteps(context: StepContext, { epoch, step }: Position, tally: Tally): Promise<Position> {
  const steps = new EpochSteps(context, tally, { epoch, step });
  for await (const batch of context.training.epoch({ epoch, firstStep: step })) {
    if (context.stopRequested() || (steps.next.step > step && context.saver.isDue)) break;
    await steps.train(batch);
  }
  await steps.tell();
  return steps.next;
}

/** A step that was begun: what its event says beside what it measures. */
interface BegunStep extends Position {
  readonly lr: number;
  readonly perturbed?: Perturbed;
}

type Perturbed = Pick<NonNullable<StepEvent['inputPerturbation']>, 'network' | 'operation'>;
type Decided = Pick<StepEvent, 'parameterPerturbation' | 'verdict'>;

/** Trains step after step, in bursts where nothing needs a step's numbers before the next. */
class EpochSteps {
  readonly #context: StepContext;
  readonly #tally: Tally;
  readonly #epoch: number;
  #step: number;
  /** Those that aren't told of. */
  #begun: BegunStep[] = [];
  #burst: ReturnType<typeof beginBurst> | undefined;
  /** When the first of them asked for its batch; when the next one was asked for; how long they waited. */
  #since: number;
  #asked: number;
  #waited = 0;

  constructor(context: StepContext, tally: Tally, { epoch, step }: Position) {
    this.#context = context;
    this.#tally = tally;
    this.#epoch = epoch;
    this.#step = step;
    this.#since = context.now();
    this.#asked = this.#since;
  }

  get next(): Position {
    return { epoch: this.#epoch, step: this.#step };
  }

  /** One step. What it measures is told now, or with those after it. */
  async train(batch: TrainingBatch): Promise<void> {
    const { now, perturbation, training, burst } = this.#context;
    const count = this.#epoch * training.steps + this.#step;
    this.#waited += now() - this.#asked;
    if (perturbation?.concerns(count)) {
      await this.tell();
      await this.#trainAlone(batch, count, perturbation);
    } else {
      await this.#trainInBurst(batch, count);
      if (this.#begun.length >= burst) await this.tell();
    }
    this.#asked = now();
  }

  /** Tells of all steps that were begun, when they are done. */
  async tell(): Promise<void> {
    const outputs = (await this.#burst?.end()) ?? [];
    this.#burst = undefined;
    this.#tell(outputs.map(readStep));
  }

  async #trainInBurst(batch: TrainingBatch, count: number): Promise<void> {
    const begun = this.#begin(batch, count);
    const feeds = await feedsFor(this.#context, batch, begun.lr, count);
    this.#burst ??= beginBurst(this.#context.stepper);
    await this.#burst.add(feeds);
  }

  /** A step before which parameters may be perturbed, and after which it may show whether that was for the better. */
  async #trainAlone(batch: TrainingBatch, count: number, perturbation: ParameterPerturbation): Promise<void> {
    const { stepper } = this.#context;
    const parameterPerturbation = await perturbation.before(count);
    const begun = this.#begin(batch, count);
    const feeds = await feedsFor(this.#context, batch, begun.lr, count);
    let outputs = readStep(await stepper.step(feeds));
    const abandoned = outputs.total.every(Number.isFinite) ? undefined : perturbation.abandon(count);
    if (abandoned) outputs = readStep(await stepper.step(feeds));
    const verdict = abandoned ?? perturbation.after(count, outputs.ce);
    this.#tell([outputs], { ...(parameterPerturbation && { parameterPerturbation }), ...(verdict && { verdict }) });
  }

  #begin(batch: TrainingBatch, count: number): BegunStep {
    const perturbed = 'perturbed' in batch ? batch.perturbed : undefined;
    const begun = {
      ...this.next,
      lr: this.#context.rates.at(count),
      ...(perturbed && { perturbed: nameOf(perturbed) }),
    };
    this.#begun.push(begun);
    this.#step++;
    return begun;
  }

  /** The time is shared out evenly: how long each one took isn't known where they are in flight together. */
  #tell(measured: readonly Measured[], decided: Decided = {}): void {
    const { networks, lineage, emit, now } = this.#context;
    const begun = this.#begun;
    if (begun.length === 0) return;
    const time = { seconds: (now() - this.#since) / begun.length, waited: this.#waited / begun.length };
    this.#begun = [];
    this.#waited = 0;
    for (const [i, step] of begun.entries()) {
      const outputs = at(measured, i);
      checkHalfStep(networks, outputs, step);
      checkFinite(networks, outputs.total, step);
      const event = eventOf(step, outputs, { ...decided, ...time });
      this.#since += event.seconds;
      this.#tally.add(event);
      lineage.append(lineageOf(event));
      emit(event);
    }
  }
}

/** Without the images, which are free to go. */
function nameOf({ network, operation }: Perturbed): Perturbed {
  return { network, operation };
}

function eventOf(
  { perturbed, ...position }: BegunStep,
  outputs: Measured,
  rest: Decided & Pick<StepEvent, 'seconds' | 'waited'>,
): StepEvent {
  const inputPerturbation = perturbed && {
    ...perturbed,
    difference: at(outputs.ce, perturbed.network) - bestOther(outputs.ce, perturbed.network),
  };
  return { type: 'step', ...position, ...outputs, ...(inputPerturbation && { inputPerturbation }), ...rest };
}
