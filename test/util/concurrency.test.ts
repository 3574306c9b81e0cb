import { expect, it } from 'vitest';
import { mapAhead, mapConcurrent, settleAll } from '../../src/util/concurrency.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

it('mapConcurrent keeps the order and the limit', async () => {
  let [running, most] = [0, 0];
  const results = await mapConcurrent([5, 4, 3, 2, 1, 0], 3, async (ticks, index) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < ticks; i++) await tick();
    running--;
    return `${ticks}/${index}`;
  });
  expect([results, most]).toEqual([['5/0', '4/1', '3/2', '2/3', '1/4', '0/5'], 3]);
});

it('mapConcurrent throws the first failure and begins nothing more', async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await tick();
    if (item === 1) throw new Error('one');
  };
  await expect(mapConcurrent([0, 1, 2, 3, 4, 5], 2, work)).rejects.toThrow('one');
  await tick();
  expect(begun.length).toBeLessThanOrEqual(4);
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

it('mapAhead keeps the order and the limit, whatever the source', async () => {
  let [running, most] = [0, 0];
  const work = async (ticks: number) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < ticks; i++) await tick();
    running--;
    return ticks;
  };
  async function* source() {
    for (const item of [5, 0, 3, 0, 1]) {
      await tick();
      yield item;
    }
  }
  expect(await all(mapAhead([5, 0, 3, 0, 1, 2], 2, work))).toEqual([5, 0, 3, 0, 1, 2]);
  expect(most).toBe(3);
  expect(await all(mapAhead(source(), 10, work))).toEqual([5, 0, 3, 0, 1]);
  expect(await all(mapAhead([], 2, work))).toEqual([]);
});

it('mapAhead gives what is done before the source has more', async () => {
  let give: (item: string) => void = () => {};
  async function* source() {
    yield 'first';
    yield await new Promise<string>((resolve) => {
      give = resolve;
    });
  }
  const results = mapAhead(source(), 5, async (item) => item);
  expect(await results.next()).toEqual({ done: false, value: 'first' });
  const second = results.next();
  await tick();
  give('second');
  expect([await second, await results.next()]).toEqual([
    { done: false, value: 'second' },
    { done: true, value: undefined },
  ]);
});

it('mapAhead throws failures of the work and of the source after what was before them, and may be left', async () => {
  const seen: number[] = [];
  const see = async (results: AsyncIterable<number>) => {
    for await (const item of results) seen.push(item);
  };
  const failing = async (item: number) => (item === 2 ? Promise.reject(new Error('two')) : item);
  await expect(see(mapAhead([0, 1, 2, 3], 3, failing))).rejects.toThrow('two');
  async function* source() {
    yield 7;
    throw new Error('source');
  }
  await expect(see(mapAhead(source(), 3, async (item) => item))).rejects.toThrow('source');
  for await (const item of mapAhead([8, 2, 2], 3, failing)) {
    seen.push(item);
    break;
  }
  await tick();
  expect(seen).toEqual([0, 1, 7, 8]);
});

it('settleAll waits for all, and throws the first failure in order', async () => {
  const ended: string[] = [];
  const after = async (ticks: number, name: string, fails = false) => {
    for (let i = 0; i < ticks; i++) await tick();
    ended.push(name);
    if (fails) throw new Error(name);
  };
  const all = settleAll([after(3, 'a', true), undefined, after(1, 'b', true), after(5, 'c')]);
  await expect(all).rejects.toThrow('a');
  expect(ended).toEqual(['b', 'a', 'c']);
  await expect(settleAll([after(1, 'd'), undefined])).resolves.toBeUndefined();
});
