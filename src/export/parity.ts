import type { Preprocessing } from '../data/image/preprocess.js';
import type { Graph } from '../graph/graph.js';
import { float32Data, type Tensor, tensor, toNumbers } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { at } from '../util/checked.js';
import { fail } from '../util/error.js';
import { stream } from '../util/random.js';
import type { Task } from '../util/task.js';
import { runExported } from './exported-model.js';

/** A network as the trainer evaluates it. */
export interface TrainedNetwork {
  readonly graph: Graph;
  readonly parameterOf: (name: string) => Tensor;
}

/** A change of the images by a few units in their last places, as other orders of computation make. */
const SHAKEN = 1 + 1e-6;
const LOWER_RATE = 'Export an earlier checkpoint, or train it again with a lower learning rate';
/** Largest difference allowed, as a share of the largest logit: what fusing BatchNormalization into Conv may cost. */
const PARITY = 1e-3;
const PARITY_IMAGES = 8;
/** What float32 may cost where all logits are near zero. */
const ROUNDING = 1e-5;
/** Beyond it float32 doesn't tell neighbouring classes apart to a unit, and softmax is 0 and 1: nothing that was learned gives such. */
const LARGEST_LOGIT = 2 ** 24;

/**
 * Runs an encoded model in a fresh session and returns the largest difference of its logits from the trainer's: a network's
 * own, or, of an ensemble, those that give the mean of the networks' probabilities. One that is too large is an error.
 *
 * @param ensemble - The task of an ensemble; undefined for one network.
 */
export async function checkParity(
  what: string,
  networks: readonly TrainedNetwork[],
  model: Uint8Array,
  preprocessing: Preprocessing,
  ensemble: Task | undefined,
): Promise<number> {
  const images = randomImages(preprocessing);
  const expected = await trainersLogits(networks, images, ensemble);
  const exported = float32Data(await runExported(model, images));
  if (agree(expected, exported)) return compareLogits(what, expected, exported);
  const shaken = await trainersLogits(networks, randomImages(preprocessing, SHAKEN), ensemble);
  return compareLogits(what, expected, exported, largestDifference(expected, shaken));
}

/** Pixels of a normal distribution, all of them times `scale`. */
function randomImages({ channels, height, width }: Preprocessing, scale = 1): Tensor {
  const random = stream(0, 'parity');
  const dims = [PARITY_IMAGES, channels, height, width];
  const pixels = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => scale * random.normal());
  return tensor('float32', dims, pixels);
}

async function trainersLogits(
  networks: readonly TrainedNetwork[],
  images: Tensor,
  ensemble: Task | undefined,
): Promise<Float64Array> {
  const logits: Tensor[] = [];
  for (const network of networks) logits.push(await logitsOf(network, images));
  return ensemble ? MEANS[ensemble](logits) : Float64Array.from(float32Data(at(logits, 0)));
}

async function logitsOf({ graph, parameterOf }: TrainedNetwork, images: Tensor): Promise<Tensor> {
  const predictor = await Predictor.open(graph, { device: CPU });
  try {
    predictor.load(parameterOf);
    return await predictor.logits(images);
  } finally {
    await predictor.close();
  }
}

/** Of each row log((softmax(z_1) + ... + softmax(z_n)) / n), by way of logarithms, so that no probability becomes 0. */
function logarithmsOfMean(logits: readonly Tensor[]): Float64Array {
  const classes = Number(logits[0]?.dims[1]);
  const logs = logits.map((each) => toRows(toNumbers(each), classes).flatMap(logSoftmax));
  return Float64Array.from(at(logs, 0), (_, k) => logSum(logs.map((own) => at(own, k))) - Math.log(logs.length));
}

/** Of each logit log(p / (1 - p)) with p = (s(z_1) + ... + s(z_n)) / n and s the sigmoid. */
function oddsOfMean(logits: readonly Tensor[]): Float64Array {
  const all = logits.map(toNumbers);
  const logSigmoid = (z: number) => (z < 0 ? z - Math.log1p(Math.exp(z)) : -Math.log1p(Math.exp(-z)));
  return Float64Array.from(at(all, 0), (_, k) => {
    const own = all.map((each) => at(each, k));
    return logSum(own.map(logSigmoid)) - logSum(own.map((z) => logSigmoid(-z)));
  });
}

const MEANS: Readonly<Record<Task, (logits: readonly Tensor[]) => Float64Array>> = {
  'single-label': logarithmsOfMean,
  'multi-label': oddsOfMean,
};

function toRows(numbers: readonly number[], width: number): number[][] {
  return Array.from({ length: numbers.length / width }, (_, row) => numbers.slice(row * width, (row + 1) * width));
}

function logSoftmax(row: readonly number[]): number[] {
  const total = logSum(row);
  return row.map((value) => value - total);
}

function logSum(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/**
 * The largest difference of logits; one that is too large for their size is an error, as are logits that aren't finite.
 *
 * @param what - The network's name, for messages.
 * @param shaken - How far the trainer's own logits move when its images change by a millionth, if that is known: where rounding grows
 * as large as the difference, the network is to blame, and not its export.
 */
export function compareLogits(what: string, expected: Float64Array, got: Float32Array, shaken = 0): number {
  const where = `export of ${what}`;
  checkLogits(where, 'the trainer’s logits', expected);
  checkLogits(where, 'the exported model’s logits', got);
  const difference = largestDifference(expected, got);
  if (agree(expected, got)) return difference;
  const limit = PARITY * largest(expected) + ROUNDING;
  if (shaken > limit) {
    fail(where, 'the network has diverged: rounding alone changes what it says', {
      expected: `logits that move by ${rounded(limit)} at most when the images change by a millionth`,
      got: rounded(shaken),
      hint: LOWER_RATE,
    });
  }
  fail(where, 'the exported model disagrees with the trainer', {
    expected: `logits within ${PARITY} of the largest, ${largest(expected)}`,
    got: `a difference of ${difference}`,
  });
}

function agree(expected: Float64Array, got: ArrayLike<number>): boolean {
  return largestDifference(expected, got) <= PARITY * largest(expected) + ROUNDING;
}

/** NaN where one is, or where `got` has fewer. */
function largestDifference(expected: Float64Array, got: ArrayLike<number>): number {
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (got[i] ?? Number.NaN))), 0);
}

function largest(logits: Float64Array): number {
  return logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function checkLogits(where: string, what: string, logits: ArrayLike<number>): void {
  const strange = Array.from(logits).find((value) => !(Math.abs(value) <= LARGEST_LOGIT));
  if (strange === undefined) return;
  fail(where, `${what}: the network has diverged`, {
    expected: `finite numbers up to ${LARGEST_LOGIT}`,
    got: String(strange),
    hint: LOWER_RATE,
  });
}
