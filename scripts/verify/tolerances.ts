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

/**
 * How far an element may be from the side that a device took, as a share of the largest entry of its tensor. Under SGD float32
 * puts the inputs of the fixtures' ReLUs at most 1.4e-6 off. AdamW moves a parameter with hardly any gradient by rounding noise: 80
 * of 556,000 are more than 1e-5 off after two steps, but the ones that crossed were at 1.6e-7.
 */
export function sidesTolerance({ settings: { optimizer } }: Golden): number {
  return optimizer.name === 'adamw' ? 1e-5 : 3e-6;
}
