/** exp(z_i) / (exp(z_1) + ... + exp(z_n)), in float64. The largest is taken from all first, so that no power overflows. */
export function softmax(logits: Iterable<number>): Float64Array {
  const own = Float64Array.from(logits);
  const largest = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = own.map((z) => Math.exp(z - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
