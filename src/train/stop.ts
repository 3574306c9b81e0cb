import type { Loader } from '../data/batch/loader.js';

/** Thrown where a stop was asked for amid work that is done again when the run goes on. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Throws {@link Stopped} once a stop is asked for. */
export function checkStop(stopRequested: () => boolean): void {
  if (stopRequested()) throw new Stopped('the run was asked to stop');
}

/** A loader whose epochs throw {@link Stopped} at the next batch once a stop is asked for. */
export function stoppable<Made>(loader: Loader<Made>, stopRequested: () => boolean): Loader<Made> {
  return {
    ...loader,
    async *epoch(at) {
      for await (const batch of loader.epoch(at)) {
        checkStop(stopRequested);
        yield batch;
      }
    },
  };
}
