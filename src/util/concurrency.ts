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
