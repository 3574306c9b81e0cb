import type { Golden } from './golden.js';

/** What is allowed for a list of expected numbers. */
export type Tolerance = (expected: readonly number[]) => number;

export const within =
  (tolerance: number): Tolerance =>
  () =>
    tolerance;

/** A share of the largest entry. */
export const ofLargest =
  (share: number, floor: number): Tolerance =>
  (expected) =>
    share * Math.max(0, ...expected.map(Math.abs)) + floor;

/** For each kind of number that a golden file holds. */
export interface Tolerances {
  readonly losses: Tolerance;
  readonly logits: Tolerance;
  readonly gradients: Tolerance;
  readonly teachers: Tolerance;
  /** Parameters and running statistics. */
  readonly final: Tolerance;
  readonly evaluation: Tolerance;
}

/** For a device's float32. */
export function float32Tolerances({ settings: { beta, optimizer } }: Golden): Tolerances {
  return {
    losses: within(1e-5),
    logits: ofLargest(1e-4, 1e-5),
    gradients: ofLargest(1e-4, 1e-6),
    teachers: within(1e-6),
    final: within(beta > 0 ? 1e-3 : 1e-4),
    evaluation: within(optimizer.name === 'adamw' ? 1e-3 : 1e-4),
  };
}

/**
 * For a device that rounds what it multiplies to TF32 (10 bits of mantissa). Emulated in float64 (`test/verify/tf32.test.ts`), the four
 * fixtures are off by 6.7e-5 in losses, 1.5e-3 of the largest logit and 1.7e-3 of the largest gradient, and 2.7e-3 in final parameters
 * under AdamW, 1.5e-4 under SGD. No device that does it was tried.
 */
export function tf32Tolerances({ settings: { optimizer } }: Golden): Tolerances {
  const final = optimizer.name === 'adamw' ? 1e-2 : 1e-3;
  return {
    losses: within(3e-4),
    logits: ofLargest(1e-2, 1e-4),
    gradients: ofLargest(1e-2, 1e-5),
    teachers: within(1e-6),
    final: within(final),
    evaluation: within(1e-2),
  };
}

/** Bits of the mantissa that float32 keeps. */
export const FLOAT32_BITS = 23;

/** For a device that keeps so many bits of what it multiplies. */
export function deviceTolerances(golden: Golden, bits: number): Tolerances {
  return bits < FLOAT32_BITS ? tf32Tolerances(golden) : float32Tolerances(golden);
}

/**
 * For float64 against golden numbers that are stored as float32 (6e-8 of a number), from a graph whose constants are: a running
 * variance ends up to 1.5e-7 away, since 0.9 isn't a float32.
 */
const STORED = ofLargest(5e-7, 1e-9);

export const FLOAT64_TOLERANCES: Tolerances = {
  losses: STORED,
  logits: STORED,
  gradients: STORED,
  teachers: STORED,
  final: STORED,
  evaluation: STORED,
};

/** Emulated, the fixtures' farthest element that took another side is 1.5e-3 off. */
const TF32_SIDES = 5e-3;

/**
 * How far an element may be from the side that a device took, as a share of the largest entry of its tensor. Under SGD float32
 * puts the inputs of the fixtures' ReLUs at most 1.4e-6 off. AdamW moves a parameter with hardly any gradient by rounding noise: 80
 * of 556,000 are more than 1e-5 off after two steps, but the ones that crossed were at 1.6e-7.
 */
export function sidesTolerance({ settings: { optimizer } }: Golden, bits = FLOAT32_BITS): number {
  if (bits < FLOAT32_BITS) return TF32_SIDES;
  return optimizer.name === 'adamw' ? 1e-5 : 3e-6;
}
