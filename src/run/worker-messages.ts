import type { TrainEvent } from '../events/events.js';
import type { DataPaths } from '../settings/setting-paths.js';
import type { RequestedSettings } from '../settings/settings.js';
import type { ErrorCode } from '../util/error.js';

/** What the starting thread hands over to the training one. */
export interface WorkerInput {
  readonly settings: RequestedSettings;
  readonly folder: string;
  readonly resume: boolean;
  readonly report: boolean;
  readonly dataPaths: DataPaths | undefined;
  /** Numbers that both threads see, at the places of {@link SHARED}. */
  readonly shared: Int32Array;
}

/** Places of the shared numbers: the stop that is asked for, and how many events have been handled. */
export const SHARED = { stop: 0, handled: 1 } as const;

/** Stops that may be asked for, as bits: after the running step with a checkpoint, and without. */
export const STOP = { clean: 1, atOnce: 2 } as const;

/** What comes back: events, then one outcome or one error. */
export type WorkerMessage =
  | { readonly kind: 'event'; readonly event: TrainEvent }
  | { readonly kind: 'done'; readonly outcome: 'finished' | 'stopped' }
  | {
      readonly kind: 'error';
      readonly message: string;
      readonly ours: boolean;
      readonly stack: string | undefined;
      readonly code?: ErrorCode | undefined;
    };
