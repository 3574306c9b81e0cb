/** What sends signals: `process`. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Calls `first` at the first SIGINT or SIGTERM and `again` at each one after it. Returns how to stop listening. */
export function onInterrupt(source: SignalSource, first: () => void, again: () => void): () => void {
  let interrupted = false;
  const listener = () => {
    const act = interrupted ? again : first;
    interrupted = true;
    act();
  };
  source.on('SIGINT', listener);
  source.on('SIGTERM', listener);
  return () => {
    source.off('SIGINT', listener);
    source.off('SIGTERM', listener);
  };
}
