import { expect, it } from 'vitest';
import { mapConcurrent } from '../../src/util/concurrency.js';

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
