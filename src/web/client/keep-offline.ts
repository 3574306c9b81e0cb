/** Longest that the page waits for its files to be kept, in milliseconds: a slow network must not keep it from starting. */
const PATIENCE = 20_000;

/** Has the page's files kept for times without a network; whether they are. */
export async function keepOffline(): Promise<boolean> {
  // Absent where the page has come over plain HTTP from another machine.
  const workers = navigator.serviceWorker;
  if (!workers) return false;
  try {
    await workers.register('offline.js', { updateViaCache: 'none' });
    // What is loaded before the service worker has taken the page over would not be kept.
    const taken = new Promise<boolean>((resolve) => {
      if (workers.controller) resolve(true);
      workers.addEventListener('controllerchange', () => resolve(true), { once: true });
      setTimeout(() => resolve(false), PATIENCE);
    });
    return await taken;
  } catch {
    return workers.controller !== null;
  }
}
