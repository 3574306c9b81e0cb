/** A logarithmic axis. */
export interface Scale {
  /** Where a value is drawn. */
  readonly at: (value: number) => number;
  /** Round values within the axis. */
  readonly ticks: readonly number[];
}

/** Times a power of ten; the coarsest that gives enough ticks. */
const STEPS = [
  [1, 2, 5],
  [1, 1.5, 2, 3, 4, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9],
];
const FEWEST_TICKS = 3;
/** Empty share of the axis at either end. */
const MARGIN = 0.06;

/** An axis that runs from pixel `from` to pixel `to` and holds all values, which are above 0. */
export function logScale(values: readonly number[], from: number, to: number): Scale {
  const logs = values.map(Math.log10);
  const span = Math.max(0.3, Math.max(...logs) - Math.min(...logs));
  const low = Math.min(...logs) - MARGIN * span;
  const high = Math.max(Math.max(...logs), Math.min(...logs) + span) + MARGIN * span;
  return {
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    ticks: ticksBetween(low, high),
  };
}

function ticksBetween(low: number, high: number): number[] {
  const decades = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const within = (steps: readonly number[]) =>
    decades
      .flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`)))
      .filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  const choices = STEPS.map(within);
  return choices.find((ticks) => ticks.length >= FEWEST_TICKS) ?? choices.at(-1) ?? [];
}
