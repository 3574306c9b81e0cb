import { formatShape } from '../graph/node/dim.js';
import { elementCount, float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { at, take } from '../util/checked.js';
import { fail } from '../util/error.js';
import { stream } from '../util/random.js';
import type { ForeignModel, ForeignOptions } from './foreign-model.js';

/** What a classifier's numbers are; `sigmoids` are probabilities of each class by itself. */
export type Reading = 'logits' | 'probabilities' | 'sigmoids';

/** How far a row of probabilities may be from a sum of 1: float16 rounds each number by a two-thousandth of it. */
const SUM_TOLERANCE = 1e-3;

/** A probability below float32's smallest normal number counts as that, so that it has a logarithm. */
export const LEAST_PROBABILITY = 2 ** -126;

/** Of a few images, so that rows that sum to 1 by chance are told from probabilities. */
const FIRST_BATCH = 8;

/**
 * The first batch that tells what a classifier's numbers are: noise, from none at all to that of normalised images, so that
 * they are the same whenever it is opened. `sizes` are those of an image.
 */
export function firstBatch(sizes: readonly number[]): Tensor {
  const random = stream(0, 'first-batch');
  const length = elementCount(sizes);
  const strength = (i: number) => Math.floor(i / length) / (FIRST_BATCH - 1);
  const numbers = Float32Array.from({ length: FIRST_BATCH * length }, (_, i) => strength(i) * random.normal());
  return tensor('float32', [FIRST_BATCH, ...sizes], numbers);
}

/**
 * What the scores [n, classes] of a first batch are: rows that are >= 0 and sum to 1 are probabilities. Numbers in [0, 1]
 * that don't (as a Sigmoid gives) say nothing of one class against another: an error that names `where`. With the task multi-label it is the
 * other way round. Rows that aren't finite (an Exp that overflows) are left out.
 */
export function readingOf(
  { output, scores }: Pick<ForeignModel, 'output' | 'scores'>,
  batch: Tensor,
  where: string,
  { outputFlag = '--output', task = 'single-label' }: ForeignOptions = {},
): Reading {
  if (scores === 'logits') return 'logits';
  const rows = rowsOf(batch, where, output).filter((row) => row.every(Number.isFinite));
  if (rows.length === 0) {
    fail(where, `its output "${output}" for a first batch`, {
      expected: 'finite numbers',
      got: 'none',
      hint: 'Are its weights finite?',
    });
  }
  if (!rows.every((row) => row.every((value) => value >= 0 && value <= 1 + SUM_TOLERANCE))) return 'logits';
  const sums = rows.map((row) => row.reduce((a, b) => a + b, 0));
  const isOne = sums.every((sum) => Math.abs(sum - 1) <= SUM_TOLERANCE);
  if (isOne && task === 'single-label') return 'probabilities';
  if (scores === 'unbounded') return 'logits';
  if (!isOne && task === 'multi-label') return 'sigmoids';
  if (isOne) {
    return fail(where, `its output "${output}"`, {
      expected: 'logits, or probabilities of each class by itself, as a Sigmoid gives',
      got: 'probabilities that sum to 1: it tells one class of an image, where images have any number of classes',
      hint: `Take a model that was trained on such images, or name its logits (${outputFlag})`,
    });
  }
  return fail(where, `its output "${output}"`, {
    expected: 'logits, or probabilities that sum to 1',
    got: `numbers in [0, 1] that sum to ${Math.min(...sums).toPrecision(3)} to ${Math.max(...sums).toPrecision(3)}, as a Sigmoid gives`,
    hint: `Name what goes into the last operator (${outputFlag}), if those are logits`,
  });
}

/** One line that says that probabilities are taken for what they are. */
export function noteOf(reading: Reading, { output }: Pick<ForeignModel, 'output'>): string[] {
  if (reading === 'logits') return [];
  if (reading === 'sigmoids')
    return [`its output "${output}" gives probabilities of each class: their log-odds are taken`];
  return [`its output "${output}" gives probabilities (rows that sum to 1): their logarithm is taken`];
}

/** Scores as logits [n, classes]: axes of size 1 beside the classes are dropped, and probabilities become logarithms, or log-odds. */
export function asLogits(scores: Tensor, reading: Reading): Tensor {
  const flat = flattened(scores);
  if (reading === 'logits') return flat;
  const log = (p: number) => Math.log(Math.max(LEAST_PROBABILITY, p));
  const odds = (p: number) => log(p) - log(1 - p);
  return { ...flat, data: float32Data(flat).map(reading === 'sigmoids' ? odds : log) };
}

/** [n, classes, 1, 1] as [n, classes]. Any other shape stays. */
export function flattened(scores: Tensor): Tensor {
  const classes = classAxis(scores.dims);
  if (classes === undefined || scores.dims.length === 2) return scores;
  return { ...scores, dims: [at(scores.dims, 0), at(scores.dims, classes)] };
}

/** The axis of the classes in [n, classes] or such a shape with axes of size 1; undefined where there is no such axis. */
export function classAxis(shape: readonly (number | string)[]): number | undefined {
  if (shape.length < 2) return undefined;
  const sizes = shape.flatMap((size, axis) => (axis > 0 && size !== 1 ? [axis] : []));
  return sizes.length > 1 ? undefined : (sizes[0] ?? 1);
}

function rowsOf(batch: Tensor, where: string, output: string): number[][] {
  const scores = flattened(batch);
  const { dims } = scores;
  if (dims.length !== 2) fail(where, `its output "${output}"`, { expected: '[N, classes]', got: formatShape(dims) });
  const [count, classes] = take(dims, 2);
  const numbers = Array.from(float32Data(scores));
  return Array.from({ length: count }, (_, row) => numbers.slice(row * classes, (row + 1) * classes));
}
