import { present } from '../../util/error.js';

/** About as many intervals as an axis has between its ticks. */
const INTERVALS = 5;
const ROUND = [1, 2, 5, 10];

/** Round numbers, evenly apart, from `low` or just below it to `high` or just above: the ticks of an axis. */
export function ticksAround(low: number, high: number): number[] {
  const rough = (high - low || 1) / INTERVALS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    power *
    present(
      ROUND.find((factor) => factor * power >= rough * 0.999),
      'a round step',
    );
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  // Multiples, rounded: a sum of steps would drift
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
