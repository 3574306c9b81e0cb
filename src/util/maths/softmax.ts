/** exp(z_i) / (exp(z_1) + ... + exp(z_n)), in float64. The largest is taken from all first, so that no power overflows. */
export function softmax(logits: Iterable<number>): Float64Array {
  const powers = new Float64Array(logits);
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < powers.length; i++) largest = Math.max(largest, powers[i] as number);
  let sum = 0;
  for (let i = 0; i < powers.length; i++) {
    const power = Math.exp((powers[i] as number) - largest);
    powers[i] = power;
    sum += power;
  }
  for (let i = 0; i < powers.length; i++) powers[i] = (powers[i] as number) / sum;
  return powers;
}
