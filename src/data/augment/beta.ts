import type { Random } from '../../util/random.js';

/** A number of the distribution Beta(alpha, alpha): gamma / (gamma + gamma'), in logarithms, as gammas of a small alpha round to 0. */
export function beta(alpha: number, random: Random): number {
  const [own, other] = [logGamma(alpha, random), logGamma(alpha, random)];
  return 1 / (1 + Math.exp(other - own));
}

/** The logarithm of a number of the distribution Gamma(shape, 1): Marsaglia and Tsang 2000; below 1, by Gamma(shape + 1) U^(1/shape). */
function logGamma(shape: number, random: Random): number {
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(1 - random.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    const u = 1 - random.uniform();
    if (v > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
