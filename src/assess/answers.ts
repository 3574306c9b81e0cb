import { chancesOf, meanChances } from '../metrics/label-scores.js';
import { meanProbabilities } from '../metrics/scores.js';
import { float32Data, type Tensor } from '../onnx/tensor.js';
import type { NetworkBatch } from '../train/batch-inputs.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { softmax } from '../util/maths/softmax.js';
import { permutation, stream } from '../util/random.js';
import type { Task } from '../util/task.js';

/** What networks say of images, and what these show. */
export interface Answers {
  /** How many images it is about, and where each is among all that were evaluated, ascending. */
  readonly images: number;
  readonly positions: Uint32Array;
  readonly classes: number;
  readonly task: Task;
  /** One for each network: [images, classes]. */
  readonly logits: readonly Float32Array[];
  /** The first class of each image, [images]; of images with any number of classes also 0 or 1, [images, classes]. */
  readonly labels: Int32Array;
  readonly targets?: Uint8Array;
}

export interface KeptOptions {
  readonly task: Task;
  readonly networks: number;
  readonly classes: number;
  /** How many images are evaluated, and what those are drawn by that are kept where not all are. */
  readonly images: number;
  readonly seed: number;
  /** Logits that are kept at most, of all networks together. */
  readonly most?: number;
}

/** 256 MiB: all logits of 50,000 images and 1,000 classes by one network, of 10,000 images and 100 classes by 64. */
const MOST_LOGITS = 2 ** 26;

/** Keeps the logits of an evaluation: of all images, or of as many random ones as a bounded memory holds. */
export class KeptAnswers {
  readonly #answers: Answers;
  #evaluated = 0;
  #kept = 0;

  constructor({ task, networks, classes, images, seed, most = MOST_LOGITS }: KeptOptions) {
    const count = Math.min(images, Math.max(1, Math.floor(most / (networks * classes))));
    const all = count === images ? Uint32Array.from({ length: images }, (_, i) => i) : undefined;
    this.#answers = {
      images: count,
      positions: all ?? permutation(images, stream(seed, 'assessment')).slice(0, count).sort(),
      classes,
      task,
      logits: Array.from({ length: networks }, () => new Float32Array(count * classes)),
      labels: new Int32Array(count),
      ...(task === 'multi-label' && { targets: new Uint8Array(count * classes) }),
    };
  }

  /** Takes the logits of the next batch: the `onLogits` of an evaluation. */
  readonly add = (logits: readonly Tensor[], batch: NetworkBatch): void => {
    const { positions, images } = this.#answers;
    for (let row = 0; row < batch.size; row++) {
      const position = this.#evaluated++;
      if (this.#kept < images && positions[this.#kept] === position) this.#keep(logits, batch, row, this.#kept++);
    }
  };

  /** What was kept, once all images have been evaluated. */
  get answers(): Answers {
    if (this.#kept !== this.#answers.images)
      throw new Error(`internal error: ${this.#kept} of the images were evaluated`);
    return this.#answers;
  }

  #keep(logits: readonly Tensor[], batch: NetworkBatch, row: number, slot: number): void {
    const { classes, labels, targets, logits: kept } = this.#answers;
    const [from, to] = [row * classes, (row + 1) * classes];
    for (const [n, each] of logits.entries()) kept[n]?.set(float32Data(each).subarray(from, to), slot * classes);
    labels[slot] = at(batch.labels, row);
    targets?.set(present(batch.targets, 'the targets of the images').subarray(from, to), slot * classes);
  }
}

/** The logits of one image, as a view of those of all. */
export function logitsOf({ classes }: Pick<Answers, 'classes'>, logits: Float32Array, image: number): Float32Array {
  return logits.subarray(image * classes, (image + 1) * classes);
}

/**
 * Logits of the ensemble, [images, classes]: those that give the mean of the networks' probabilities. For one class of several that is the
 * logarithm of the mean, else the logarithm of the odds.
 */
export function ensembleLogits(answers: Answers): Float32Array {
  const { images, classes, logits, task } = answers;
  const all = new Float32Array(images * classes);
  for (let image = 0; image < images; image++) {
    const own = logits.map((each) => logitsOf(answers, each, image));
    all.set(task === 'multi-label' ? meanOdds(own) : meanProbabilities(own.map(softmax)).map(log), image * classes);
  }
  return all;
}

function meanOdds(logits: readonly Float32Array[]): Float64Array {
  const { has, hasNot } = meanChances(logits.map(chancesOf));
  return has.map((p, c) => log(p) - log(at(hasNot, c)));
}

/** The logarithm, but finite for what rounds to 0. */
function log(probability: number): number {
  return Math.log(Math.max(Number.MIN_VALUE, probability));
}

/** The classes of an image, ascending. */
export function labelsOf({ labels, targets, classes }: Answers, image: number): number[] {
  if (!targets) return [at(labels, image)];
  const own = targets.subarray(image * classes, (image + 1) * classes);
  return [...own.keys()].filter((c) => own[c] === 1);
}
