/**
 * The results of `work` on every item, in the order of the items, with at most `limit` under way at a time.
 * After the first failure nothing new is started, and that failure is thrown.
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  const run = async () => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  const exhaust = async () => {
    try {
      await run();
    } catch (error) {
      for (const _ of queue);
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, exhaust));
  return results;
}

/**
 * The results of `work` on every item, in the order of the items, as soon as each is there. Up to `ahead` more are begun before each is
 * asked for: items are taken from their source no earlier than that, and one that isn't there yet holds nothing up before it.
 */
export async function* mapAhead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const begun: Promise<R>[] = [];
  let ended = false;
  let taking: Promise<void> | undefined;
  const take = () => {
    if (ended || taking || begun.length > ahead) return;
    taking = takeNext().finally(() => {
      taking = undefined;
      take();
    });
  };
  const takeNext = async () => {
    try {
      const { done, value } = await source.next();
      ended = done === true;
      if (!done) begun.push(begin(work(value as T)));
    } catch (error) {
      ended = true;
      begun.push(begin(Promise.reject(error)));
    }
  };
  try {
    for (take(); begun.length > 0 || taking; take()) {
      const first = begun.shift();
      if (first) yield await first;
      else await taking;
    }
  } finally {
    ended = true;
    // A source that waits for its next item ends after it: that isn't waited for
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

/** Whoever leaves early never awaits what was begun ahead: its failure must not end the process. */
function begin<R>(result: Promise<R>): Promise<R> {
  result.catch(() => undefined);
  return result;
}

/** Waits until all have ended, also where one fails; then throws what the first of them in order failed with. */
export async function settleAll(promises: Iterable<PromiseLike<unknown> | undefined>): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
