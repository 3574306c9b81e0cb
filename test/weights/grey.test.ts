import { expect, it } from 'vitest';
import { inChannels } from '../../src/data/image/normalisation.js';
import type { Graph } from '../../src/graph/graph.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { createNetwork } from '../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';
import type { WeightsFile } from '../../src/weights/files/weights-file.js';
import { takeWeights } from '../../src/weights/take-weights.js';
import { runGraph } from '../support/run.js';

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const SIDE = 32;
const network = (channels: number): Graph =>
  createNetwork('resnet8', { classes: 5, channels, height: SIDE, width: SIDE });

/** Initial weights, with norms that do something. */
function settled(graph: Graph): Map<string, Tensor> {
  return new Map(
    [...initialiseParameters(graph, 3, 0)].map(([name, value]) => {
      const random = stream(2, name);
      const isMean = name.endsWith('running_mean');
      const data = toNumbers(value).map((x) => (isMean ? 0.3 * random.normal() : x));
      return [name, tensor('float32', value.dims, data)];
    }),
  );
}

async function logitsOf(graph: Graph, values: ReadonlyMap<string, Tensor>, images: Tensor): Promise<number[]> {
  const { logits } = await runGraph(graph, { images, ...Object.fromEntries(values) });
  return toNumbers(present(logits, 'logits'));
}

const furthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));

it("a grey image gives nearly the logits of its three equal channels with the weights' normalisation", async () => {
  const [colour, grey] = [network(3), network(1)];
  const values = settled(colour);
  const file = (config?: WeightsFile['config']): WeightsFile => {
    return { where: 'FILE', format: 'safetensors', tensors: values, notes: [], ...(config && { config }) };
  };
  const random = stream(1, 'grey');
  const light = Array.from({ length: SIDE * SIDE }, (_, i) => (i % 7) / 10 + 0.3 * random.uniform());
  const normalised = ({ mean, std }: typeof IMAGENET) =>
    tensor(
      'float32',
      [1, mean.length, SIDE, SIDE],
      mean.flatMap((m, c) => light.map((x) => (x - m) / (std[c] as number))),
    );
  const expected = await logitsOf(colour, values, normalised(IMAGENET));
  const own = present(inChannels(IMAGENET, 1), 'averages') as typeof IMAGENET;
  expect(own.mean[0]).toBeCloseTo((0.485 + 0.456 + 0.406) / 3, 12);
  expect([inChannels(IMAGENET, 3), inChannels(own, 3)]).toEqual([IMAGENET, undefined]);

  const taken = takeWeights(grey, file({ where: 'config.json', preprocessing: IMAGENET }));
  const plain = takeWeights(grey, file());
  const [got, summed] = [
    await logitsOf(grey, taken.values, normalised(own)),
    await logitsOf(grey, plain.values, normalised(own)),
  ];
  const size = Math.max(...expected.map(Math.abs));
  // What is left comes from the padding of the first layer, which is black only after normalisation
  expect(furthest(got, expected)).toBeLessThan(0.03 * size);
  expect(furthest(summed, expected)).toBeGreaterThan(3 * furthest(got, expected));

  // Where the three channels are normalised alike, nothing is left
  const alike = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const exact = takeWeights(grey, file({ where: 'config.json', preprocessing: alike }));
  const same = await logitsOf(grey, exact.values, normalised({ mean: [0.5], std: [0.25] }));
  expect(furthest(same, await logitsOf(colour, values, normalised(alike)))).toBeLessThan(1e-5 * size);
});
