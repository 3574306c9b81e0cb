import type { Checkpoint } from '../store/checkpoint.js';

/** Where checkpoints are written to, and how often. */
export interface SaverOptions {
  readonly saveLast: (checkpoint: Checkpoint) => Promise<void>;
  readonly saveBest: (checkpoint: Checkpoint) => Promise<void>;
  /** Seconds that lie between two checkpoints at least, but for the last of all; 0: every epoch has one. */
  readonly seconds: number;
  /** Seconds after which one is due within an epoch, the first at the begin of a run that doesn't go on from one; none is when left out. */
  readonly within?: number | undefined;
  /** Whether the run goes on from a checkpoint. */
  readonly resumed?: boolean;
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
  /** When the run was last at a checkpoint. */
  #safe: number;

  constructor(private readonly options: SaverOptions) {
    this.#safe = options.resumed ? options.now() : Number.NEGATIVE_INFINITY;
  }

  /** Whether the run is to be saved before the epoch ends. */
  get isDue(): boolean {
    const { within, now } = this.options;
    return within !== undefined && now() - this.#safe >= within;
  }

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
    this.#safe = this.#written;
  }
}
