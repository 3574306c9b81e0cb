import { describe, expect, it } from 'vitest';
import type { Preprocessing } from '../../src/data/image/preprocess.js';
import { checkPreparation } from '../../src/export/image-parity.js';
import { inferenceModel } from '../../src/export/inference-model.js';
import { type ImagePreparation, withImageInput } from '../../src/foreign/image-input.js';
import { Graph } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/onnx/file.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';

const SIDE = 24;
const PREPARATION = {
  channels: 3,
  height: SIDE,
  width: SIDE,
  resize: { height: 28, width: 28 },
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const satisfies ImagePreparation;
const PREPROCESSING: Preprocessing = { ...PREPARATION };

/** A linear layer whose weights alternate: it sees what neighbouring samples differ by, so many times enlarged. */
function linear(gain: number) {
  const g = new Graph('linear');
  const flat = g.op('Flatten', [g.input('images', 'float32', ['N', 3, SIDE, SIDE])]);
  const weight = g.parameter('weight', [3 * SIDE * SIDE, 2], { kind: 'constant', value: 0 });
  g.output('logits', g.op('MatMul', [flat, weight]));
  const random = stream(5, 'weights');
  const values = Float32Array.from({ length: 3 * SIDE * SIDE * 2 }, () => gain * random.normal());
  const parameters = new Map([['weight', tensor('float32', [3 * SIDE * SIDE, 2], values)]]);
  return { graph: g, parameterOf: (name: string): Tensor => present(parameters.get(name), name) };
}

/** Checks the model of a network that prepares images in one way, where Agon does in another. */
function check(
  preparation: ImagePreparation,
  { gain = 1, shown = gain }: { gain?: number; shown?: number } = {},
): Promise<number> {
  const { graph, parameterOf } = linear(shown);
  const model = encodeModel(withImageInput(inferenceModel(graph, parameterOf, {}), preparation));
  const trained = { networks: [linear(gain)], ensemble: undefined };
  const probabilities = { activation: 'Softmax' as const };
  return checkPreparation('net', trained, model, { preprocessing: PREPROCESSING, probabilities });
}

describe('the preparation of images in a model', () => {
  it.each([1e-4, 1, 1000])(
    'is right where samples are, however much a network makes of a rounding: weights times %d',
    async (gain) => {
      expect(await check(PREPARATION, { gain })).toBeLessThanOrEqual(1);
    },
  );

  it.each([
    ['another mean', { mean: [0.5, 0.456, 0.406] }],
    ['another deviation', { std: [0.229, 0.224, 0.3] }],
    ['another size before the cut', { resize: { height: 30, width: 30 } }],
  ] as const)('is refused with %s, also of a network that hardly minds', async (_, change) => {
    await expect(check({ ...PREPARATION, ...change }, { gain: 1e-6 })).rejects.toThrow(
      /its graph prepares images otherwise than Agon: expected samples that differ by one step of 8 bits at most, got [\d.]+ steps/,
    );
  });

  it('is not what is to blame where the network behind it says something else', async () => {
    await expect(check(PREPARATION, { gain: 1, shown: 1.5 })).rejects.toThrow(
      'the exported model disagrees with the trainer',
    );
  });
});
