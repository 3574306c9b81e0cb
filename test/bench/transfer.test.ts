import { expect, it } from 'vitest';
import type { TransferRun } from '../../scripts/bench/transfer/measure.js';
import { transferRows } from '../../scripts/bench/transfer/report.js';

it('a row has mean and standard deviation of its seeds, the median time and the most memory', () => {
  const run = (what: string, seed: number, best: number, seconds: number, rss_mb: number): TransferRun => {
    return { data: 'ants', what, seed, best, last: best - 0.01, seconds, rss_mb };
  };
  const runs = [
    run('frozen', 0, 0.93, 8, 300),
    run('frozen', 1, 0.95, 12, 310),
    run('frozen', 2, 0.94, 9, 305),
    run('other', 0, 0.5, 1, 1),
  ];
  // Deviations -1, 1, 0: the square root of 2 / 2
  expect(transferRows(runs).rows).toEqual([
    ['ants', 'frozen', '3', '94.0 ± 1.0', '93.0 ± 1.0', '9.0', '8.0 to 12.0', '310'],
    ['ants', 'other', '1', '50.0', '49.0', '1.0', '1.0 to 1.0', '1'],
  ]);
});
