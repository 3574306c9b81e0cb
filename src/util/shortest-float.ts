/** Digits that tell any two float32 numbers apart. */
const FLOAT_DIGITS = 9;

/** The shortest decimal number that a float32 stands for: 0.1, not 0.10000000149, so that 1 - momentum is what it was meant to be. */
export function shortestFloat(value: number): number {
  for (let digits = 6; digits < FLOAT_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
