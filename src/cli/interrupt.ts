/** What sends signals: `process`. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Signals that follow one within this time are the same: npm and tsx pass on what the terminal has sent already. */
const SAME_MILLISECONDS = 250;

/** Calls `first` at the first SIGINT or SIGTERM and `again` at each one after it. Returns how to stop listening. */
export function onInterrupt(
  source: SignalSource,
  { first, again }: { first(): void; again(): void },
  now: () => number = Date.now,
): () => void {
  let since: number | undefined;
  const listener = () => {
    if (since === undefined) {
      since = now();
      first();
    } else if (now() - since >= SAME_MILLISECONDS) again();
  };
  source.on('SIGINT', listener);
  source.on('SIGTERM', listener);
  return () => {
    source.off('SIGINT', listener);
    source.off('SIGTERM', listener);
  };
}
