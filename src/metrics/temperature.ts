import { at } from '../util/checked.js';
import { sigmoid } from '../util/maths/sigmoid.js';

/** What images got, and what they show. */
export interface LabelledLogits {
  /** [images, classes] */
  readonly logits: ArrayLike<number>;
  readonly classes: number;
  /** The class of each image, [images]; or, where images have any number of classes, 0 or 1, [images, classes]. */
  readonly labels?: ArrayLike<number>;
  readonly targets?: ArrayLike<number>;
}

/** Temperatures are looked for between these: where all answers are right there is no lowest loss but at 0. */
export const TEMPERATURES = [0.05, 20] as const;
/** The logarithm of the temperature is found to this. */
const TOLERANCE = 1e-7;
/** Newton's method needs fewer steps; where it crawls, bisection goes on. */
const NEWTON_STEPS = 12;

/**
 * The temperature T, between 0.05 and 20, for which the mean cross-entropy of softmax(logits / T) is lowest (Guo et al. 2017, "On Calibration
 * of Modern Neural Networks"); of images with any number of classes the binary cross-entropy of sigmoid(logits / T). The loss is convex in
 * 1 / T, so its slope has one zero at most: Newton's method finds it, by bisection where a step leads out of what is left.
 */
export function fitTemperature(answers: LabelledLogits): number {
  const slopeAt = answers.targets
    ? sigmoidSlope(answers, answers.targets)
    : softmaxSlope(answers, answers.labels ?? []);
  // In u = log(1 / T)
  let [low, high] = [-Math.log(TEMPERATURES[1]), -Math.log(TEMPERATURES[0])];
  let [u, { slope, curvature }] = [0, slopeAt(1)];
  if (slope < 0 && slopeAt(Math.exp(high)).slope <= 0) return TEMPERATURES[0];
  if (slope > 0 && slopeAt(Math.exp(low)).slope >= 0) return TEMPERATURES[1];
  for (let step = 0; slope !== 0; step++) {
    if (slope > 0) high = u;
    else low = u;
    const newton = u - slope / (curvature * Math.exp(u));
    const next = step < NEWTON_STEPS && newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - u) < TOLERANCE) break;
    u = next;
    ({ slope, curvature } = slopeAt(Math.exp(u)));
  }
  return Math.exp(-u);
}

/** The first two derivatives of the summed loss by s = 1 / T. */
type SlopeAt = (s: number) => { readonly slope: number; readonly curvature: number };

// loss = log sum exp(s z) - s z_y; its slope sum(p z) - z_y, its curvature the variance of z under p
function softmaxSlope({ logits, classes }: LabelledLogits, labels: ArrayLike<number>): SlopeAt {
  const images = logits.length / classes;
  const largest = Float64Array.from({ length: images }, (_, i) => largestOf(logits, i * classes, classes));
  return (s) => {
    let [slope, curvature] = [0, 0];
    for (let i = 0; i < images; i++) {
      const [from, top] = [i * classes, largest[i] as number];
      let [sum, first, second] = [0, 0, 0];
      for (let c = 0; c < classes; c++) {
        const below = (logits[from + c] as number) - top;
        const power = Math.exp(s * below);
        sum += power;
        first += power * below;
        second += power * below * below;
      }
      const mean = first / sum;
      slope += mean - (at(logits, from + at(labels, i)) - top);
      curvature += second / sum - mean * mean;
    }
    return { slope, curvature };
  };
}

// loss = log(1 + exp(s z)) - s z y; its slope (p - y) z, its curvature p (1 - p) z^2
function sigmoidSlope({ logits }: LabelledLogits, targets: ArrayLike<number>): SlopeAt {
  return (s) => {
    let [slope, curvature] = [0, 0];
    for (let i = 0; i < logits.length; i++) {
      const z = logits[i] as number;
      const p = sigmoid(s * z);
      slope += (p - (targets[i] as number)) * z;
      curvature += p * (1 - p) * z * z;
    }
    return { slope, curvature };
  };
}

function largestOf(values: ArrayLike<number>, from: number, count: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + count; i++) largest = Math.max(largest, values[i] as number);
  return largest;
}
