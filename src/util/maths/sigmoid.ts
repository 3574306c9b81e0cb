/** 1 / (1 + exp(-z)), without overflow: small for very negative z, never 0 before z = -745. */
export function sigmoid(z: number): number {
  return z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z));
}
