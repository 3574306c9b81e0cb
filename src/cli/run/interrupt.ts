import { keysOf } from '../../util/checked.js';
/** Signals that ask a run to stop, and the exit status that says so: 128 and the signal's number. */
export const STOPPED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof STOPPED;

const SIGNALS = keysOf(STOPPED);

/** What sends signals: `process`. */
export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

/** Signals that follow one within this time are the same: npm and tsx pass on what the terminal has sent already. */
const SAME_MILLISECONDS = 250;

/** Calls `first` at the first signal that asks for a stop and `again` at each one after it. Returns how to stop listening. */
export function onInterrupt(
  source: SignalSource,
  { first, again }: { first(signal: StopSignal): void; again(signal: StopSignal): void },
  now: () => number = Date.now,
): () => void {
  let since: number | undefined;
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      if (since === undefined) {
        since = now();
        first(signal);
      } else if (now() - since >= SAME_MILLISECONDS) again(signal);
    };
    source.on(signal, listener);
    return () => source.off(signal, listener);
  });
  return () => {
    for (const stopListening of listeners) stopListening();
  };
}

/** Ends at the first signal; a second one ends the process as it would any other. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const release = onInterrupt(process, {
      first: () => {
        release();
        resolve();
      },
      again: () => undefined,
    });
  });
}
