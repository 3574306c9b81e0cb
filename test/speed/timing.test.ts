import { expect, it } from 'vitest';
import { timeCalls, timingOf } from '../../src/speed/timing.js';

it('percentiles are the least times that a share of the calls did not exceed', () => {
  const times = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(timingOf(times, 4)).toEqual({
    runs: 200,
    mean: 100.5,
    p50: 100,
    p90: 180,
    p99: 198,
    imagesPerSecond: 4000 / 100.5,
  });
  expect(timingOf([7], 1)).toMatchObject({ p50: 7, p90: 7, p99: 7 });
});

it('calls are made three times at least, after two that are not measured', async () => {
  let calls = 0;
  const { runs } = await timeCalls(async () => calls++, 1, 0);
  expect([calls, runs]).toEqual([5, 3]);
});
