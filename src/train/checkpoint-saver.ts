import type { Checkpoint } from '../store/checkpoint.js';

/** Where checkpoints are written to, and how often. */
export interface SaverOptions {
  readonly saveLast: (checkpoint: Checkpoint) => Promise<void>;
  readonly saveBest: (checkpoint: Checkpoint) => Promise<void>;
  /** Seconds that lie between two checkpoints at least, but for the last of all; 0: every epoch has one. */
  readonly seconds: number;
  /** Seconds on a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * Writes the checkpoints of epochs: the best before the last, as a run that goes on expects them. Where epochs are shorter than a file
 * takes to be on the disk, some are left out: a kill then costs the epochs of those seconds.
 */
export class CheckpointSaver {
  #pending: { readonly best?: Checkpoint | undefined; readonly last: Checkpoint } | undefined;
  #written = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: SaverOptions) {}

  /** Takes the checkpoint of an epoch, and the best one where that has changed. */
  async save(last: Checkpoint, best?: Checkpoint): Promise<void> {
    this.#pending = { best: best ?? this.#pending?.best, last };
    const { seconds, now } = this.options;
    if (now() - this.#written >= seconds) await this.flush();
  }

  /** Writes what isn't written yet. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    if (pending.best) await this.options.saveBest(pending.best);
    await this.options.saveLast(pending.last);
    this.#written = this.options.now();
  }
}
