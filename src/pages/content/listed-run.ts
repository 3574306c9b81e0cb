/** A run in a list of runs. Numbers that aren't known, or aren't finite, are null. */
export interface ListedRun {
  /** Tells it from the others, in addresses. */
  readonly id: string;
  /** Its path beneath the folder that was searched. */
  readonly name: string;
  readonly state: 'preparing' | 'running' | 'stopped' | 'finished' | 'unreadable';
  /** As its report labels them. */
  readonly networks: readonly string[];
  /** Its data set's name. */
  readonly data: string;
  /** Epochs that are over, and all. */
  readonly epochs: number;
  readonly of: number | null;
  /** What validated best: the accuracy, or the mean average precision. */
  readonly best: { readonly score: number; readonly network: string; readonly epoch: number } | null;
  /** When it began, in milliseconds since 1970. */
  readonly started: number | null;
  /** Of one that trains: what is left. */
  readonly secondsLeft: number | null;
  /** Why it can't be read. */
  readonly fault?: string;
}

/** What a run came to after each epoch. */
export interface RunCurves {
  readonly id: string;
  /** From 1. */
  readonly epochs: readonly number[];
  readonly networks: readonly {
    readonly label: string;
    /** Means over the training steps, and on the validation split. */
    readonly loss: readonly (number | null)[];
    readonly accuracy: readonly (number | null)[];
    readonly validationLoss: readonly (number | null)[];
    readonly validationScore: readonly (number | null)[];
  }[];
}
