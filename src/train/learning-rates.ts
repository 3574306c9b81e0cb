import { beginPlateau, nextPlateau, type PlateauState } from '../optim/plateau.js';
import { learningRateOf } from '../settings/learning-rate.js';
import type { Settings } from '../settings/settings.js';

interface Measured {
  readonly loss: number;
}

/** The learning rates of a run: functions of the step, under the schedule `plateau` of the losses as well. */
export class LearningRates {
  #plateau: PlateauState | undefined;

  /** @param reached - what a checkpoint says of a schedule that depends on the losses. */
  constructor(
    private readonly settings: Settings,
    private readonly stepsPerEpoch: number,
    reached?: PlateauState,
  ) {
    const { schedule, optimizer } = settings;
    this.#plateau = schedule.name === 'plateau' ? (reached ?? beginPlateau(optimizer.lr)) : undefined;
  }

  /** The rate of a step, counted from 0 over the run. */
  at(count: number): number {
    return learningRateOf(this.settings, this.stepsPerEpoch, count, this.#plateau?.rate);
  }

  /** After an epoch, with the networks' losses: the mean on the validation split counts, or on the training images where nothing is held out. */
  finishEpoch(training: readonly Measured[], validation: readonly Measured[] | undefined): void {
    const { schedule } = this.settings;
    if (schedule.name !== 'plateau' || !this.#plateau) return;
    const measured = validation ?? training;
    const loss = measured.reduce((sum, each) => sum + each.loss, 0) / measured.length;
    this.#plateau = nextPlateau(this.#plateau, loss, schedule);
  }

  /** What a checkpoint keeps. */
  get reached(): PlateauState | undefined {
    return this.#plateau;
  }
}
