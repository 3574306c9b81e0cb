import type { Pixels, Size } from '../data/dataset/dataset.js';
import { type Preprocessing, toTensor } from '../data/image/preprocess.js';
import { batchOf } from '../evaluate/prepare-images.js';
import { IMAGE, NETWORK_INPUT as PREPARED, type Probabilities } from '../foreign/image-input.js';
import { decodeModel, encodeModel } from '../onnx/model-bytes.js';
import { float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';
import { toProbabilities } from '../util/maths/probabilities.js';
import { runExported } from './exported-model.js';
import { compareLogits, largestDifference, rounded } from './parity.js';
import { type Trained, trainersLogits } from './trainers-logits.js';

/** How far a sample of a prepared image may be from Agon's, in steps of 8 bits: what is rounded to the neighbouring one of 256 values. */
const STEP = 1.01;

/** Sides of the images in parts of what they are scaled to: reduced with an aspect of their own, enlarged, elongated. */
const SIDES = [
  [1.7, 2.3],
  [0.6, 0.9],
  [3.1, 1.1],
] as const;

/**
 * Runs an encoded model that takes images in a fresh session, on drawn images of odd sizes, and returns the largest difference of its
 * probabilities from what the trainer's network gives of the same images as Agon prepares them. A sample that it prepares otherwise than Agon,
 * but for rounding to 8 bits, is an error, as are logits other than the trainer's of what it prepared.
 */
export async function checkPreparation(
  what: string,
  trained: Trained,
  model: Uint8Array,
  { preprocessing, probabilities }: { readonly preprocessing: Preprocessing; readonly probabilities: Probabilities },
): Promise<number> {
  const images = SIDES.map((sides, i) => drawnImage(oddSize(preprocessing.resize, sides), i));
  const prepared = batchOf(
    images.map((image) => toTensor(image, preprocessing)),
    preprocessing,
  );
  const results = await runExported(withPreparedOutput(model), images.map(toFeeds), [
    PREPARED,
    'logits',
    'probabilities',
  ]);
  const joined = (name: string) => {
    return results.flatMap((each) => Array.from(float32Data(present(each.get(name), name))));
  };
  const own = joined(PREPARED);
  checkSamples(what, float32Data(prepared), own, preprocessing);
  const ownLogits = await trainersLogits(trained, tensor('float32', prepared.dims, own));
  compareLogits(what, ownLogits, Float32Array.from(joined('logits')));
  const expected = await trainersLogits(trained, prepared);
  const classes = expected.length / images.length;
  return largestDifference(rowsOfProbabilities(expected, classes, probabilities), joined('probabilities'));
}

/** The model with the images that it prepared for its network as one more output. */
function withPreparedOutput(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes);
  const { graph } = model;
  const output = [...graph.output, ...(graph.valueInfo ?? []).filter(({ name }) => name === PREPARED)];
  return encodeModel({ ...model, graph: { ...graph, output } });
}

function checkSamples(
  what: string,
  expected: Float32Array,
  got: readonly number[],
  { channels, height, width, std }: Preprocessing,
): void {
  const plane = height * width;
  const worst = expected.reduce((most, value, i) => {
    const step = 1 / (255 * (std[Math.floor(i / plane) % channels] ?? 1));
    return Math.max(most, Math.abs(value - (got[i] ?? Number.NaN)) / step);
  }, 0);
  if (worst <= STEP) return;
  fail(`export of ${what}`, 'its graph prepares images otherwise than Agon', {
    expected: 'samples that differ by one step of 8 bits at most',
    got: `${rounded(worst)} steps`,
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
