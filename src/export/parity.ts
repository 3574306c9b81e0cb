import type { Preprocessing } from '../data/preprocess.js';
import type { Graph } from '../graph/graph.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { meanProbabilities, probabilitiesOf } from '../train/scores.js';
import { fail } from '../util/error.js';
import { stream } from '../util/random.js';
import { runExported } from './exported-model.js';

/** A network as the trainer evaluates it. */
export interface TrainedNetwork {
  readonly graph: Graph;
  readonly parameterOf: (name: string) => Tensor;
}

/** Largest difference allowed, as a share of the largest logit: what fusing BatchNormalization into Conv may cost. */
const PARITY = 1e-3;
const PARITY_IMAGES = 8;

/**
 * Runs an encoded model in a fresh session and returns the largest difference of its logits from the trainer's: a network's
 * own, or the logarithms of the mean of several networks' probabilities. One that is too large is an error.
 */
export async function checkParity(
  what: string,
  networks: readonly TrainedNetwork[],
  model: Uint8Array,
  preprocessing: Preprocessing,
  ensemble: boolean,
): Promise<number> {
  const images = randomImages(preprocessing);
  const logits: Tensor[] = [];
  for (const network of networks) logits.push(await logitsOf(network, images));
  const [first] = logits as [Tensor];
  const expected = ensemble ? logarithmsOfMean(logits) : Float64Array.from(first.data as Float32Array);
  const exported = await runExported(model, images);
  return compareLogits(what, expected, exported.data as Float32Array);
}

function randomImages({ channels, height, width }: Preprocessing): Tensor {
  const random = stream(0, 'parity');
  const dims = [PARITY_IMAGES, channels, height, width];
  const pixels = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal());
  return tensor('float32', dims, pixels);
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

function logarithmsOfMean(logits: readonly Tensor[]): Float64Array {
  const rows = Array.from({ length: PARITY_IMAGES }, (_, row) => {
    return Array.from(meanProbabilities(logits.map((each) => probabilitiesOf(each, row))), Math.log);
  });
  return Float64Array.from(rows.flat());
}

function compareLogits(what: string, expected: Float64Array, got: Float32Array): number {
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (got[i] ?? Number.NaN))), 0);
  const size = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (!(difference <= PARITY * size + 1e-5)) {
    fail(`export of ${what}`, 'the exported model disagrees with the trainer', {
      expected: `logits within ${PARITY} of the largest, ${size}`,
      got: `a difference of ${difference}`,
    });
  }
  return difference;
}
