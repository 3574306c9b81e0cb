import type { Pixels, Size } from '../data/dataset/dataset.js';
import { type Preprocessing, toTensor } from '../data/image/preprocess.js';
import { batchOf } from '../evaluate/prepare-images.js';
import { IMAGE, type Probabilities } from '../foreign/image-input.js';
import { float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';
import { toProbabilities } from '../util/maths/probabilities.js';
import { runExported } from './exported-model.js';
import { largest, largestDifference, rounded } from './parity.js';
import { type Trained, trainersLogits } from './trainers-logits.js';

/**
 * Largest difference of logits allowed, as a share of the largest: what a few samples that are rounded to the neighbouring one of 256 values
 * may do.
 */
const PREPARATION = 0.01;
/** Of logits near zero. */
const ROUNDING = 1e-4;
/** One sample in so many is changed by a step of 8 bits, to see how far that alone moves the logits. */
const SHAKEN = 50;

/** Sides of the images in parts of what they are scaled to: reduced with an aspect of their own, enlarged, elongated. */
const SIDES = [
  [1.7, 2.3],
  [0.6, 0.9],
  [3.1, 1.1],
] as const;

/**
 * Runs an encoded model that takes images in a fresh session, on drawn images of odd sizes, and returns the largest difference of its
 * probabilities from what the trainer's network gives of the same images as Agon prepares them. Logits that differ by more than
 * {@link PREPARATION} of the largest, and more than such roundings do by themselves, are an error.
 */
export async function checkPreparation(
  what: string,
  trained: Trained,
  model: Uint8Array,
  { preprocessing, probabilities }: { readonly preprocessing: Preprocessing; readonly probabilities: Probabilities },
): Promise<number> {
  const images = SIDES.map((sides, i) => drawnImage(oddSize(preprocessing.resize, sides), i));
  const prepared = images.map((image) => toTensor(image, preprocessing));
  const expected = await trainersLogits(trained, batchOf(prepared, preprocessing));
  const results = await runExported(model, images.map(toFeeds), ['logits', 'probabilities']);
  const joined = (name: string) => {
    return results.flatMap((each) => Array.from(float32Data(present(each.get(name), name))));
  };
  await compare(what, expected, joined('logits'), async () => {
    const shaken = prepared.map((each) => shakenBy(each, preprocessing));
    return largestDifference(expected, await trainersLogits(trained, batchOf(shaken, preprocessing)));
  });
  const classes = expected.length / images.length;
  return largestDifference(rowsOfProbabilities(expected, classes, probabilities), joined('probabilities'));
}

async function compare(
  what: string,
  expected: Float64Array,
  got: readonly number[],
  movedByRounding: () => Promise<number>,
): Promise<void> {
  const difference = largestDifference(expected, got);
  const limit = PREPARATION * largest(expected) + ROUNDING;
  if (difference <= limit || difference <= 4 * (await movedByRounding())) return;
  fail(`export of ${what}`, 'its graph prepares images otherwise than Agon', {
    expected: `logits that differ by ${rounded(limit)} at most`,
    got: rounded(difference),
    hint: 'Write it without (--input tensor), and report this',
  });
}

function oddSize({ height, width }: Size, [down, across]: readonly [number, number]): Size {
  const odd = (side: number) => 2 * Math.floor(side / 2) + 1;
  return { height: odd(down * height), width: odd(across * width) };
}

/** Waves of three widths with an edge and some noise, the same on every machine. */
function drawnImage({ height, width }: Size, kind: number): Pixels {
  const data = new Uint8Array(height * width * 3);
  const wave = (side: number, length: number) => Array.from({ length: side }, (_, i) => Math.sin(i / length));
  const [rows, columns] = [wave(height, 5 + kind), wave(width, 11 + 3 * kind)];
  for (let y = 0, at = 0, noise = 1; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const edge = x > y ? 40 : 0;
      for (let c = 0; c < 3; c++, at++) {
        noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
        const value = 90 + edge + 25 * c + 45 * (rows[y] as number) * (c === 1 ? 1 : (columns[x] as number));
        data[at] = value + (noise >>> 26) / 2;
      }
    }
  }
  return { data, height, width, channels: 3 };
}

function toFeeds({ data, height, width }: Pixels): Readonly<Record<string, Tensor>> {
  return { [IMAGE]: tensor('uint8', [1, height, width, 3], data as Uint8Array) };
}

/** Every so many samples a step of 8 bits more. */
function shakenBy(image: Float32Array, { height, width, std }: Preprocessing): Float32Array {
  const plane = height * width;
  return image.map((value, i) => (i % SHAKEN === 0 ? value + 1 / (255 * (std[Math.floor(i / plane)] ?? 1)) : value));
}

/** Rows of probabilities, in float64. */
function rowsOfProbabilities(
  logits: Float64Array,
  classes: number,
  { activation, temperature = 1 }: Probabilities,
): Float64Array {
  const task = activation === 'Sigmoid' ? 'multi-label' : 'single-label';
  const divided = logits.map((z) => z / temperature);
  const out = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    out.set(toProbabilities(divided.subarray(start, start + classes), task), start);
  }
  return out;
}
