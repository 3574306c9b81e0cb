import { expect, it } from 'vitest';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { createNetwork } from '../../src/nets/registry.js';
import { float32Data, tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { Predictor } from '../../src/runtime/predictor.js';
import { present } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';

it('a predictor with fixed parameters gives the logits of one that is given them', async () => {
  const graph = createNetwork('resnet8', { classes: 5, channels: 3, height: 16, width: 16 });
  const values = initialiseParameters(graph, 0);
  const parameterOf = (name: string) => present(values.get(name), name);
  const random = stream(1, 'images');
  const images = tensor(
    'float32',
    [2, 3, 16, 16],
    Float32Array.from({ length: 2 * 3 * 256 }, () => random.normal()),
  );
  const options = { device: CPU, threads: 1 };
  const [given, fixed] = [await Predictor.open(graph, options), await Predictor.openFixed(graph, parameterOf, options)];
  given.load(parameterOf);
  const [one, other] = [await given.logits(images), await fixed.logits(images)];
  expect(other.dims).toEqual([2, 5]);
  for (const [i, z] of float32Data(one).entries()) expect(float32Data(other)[i]).toBeCloseTo(z, 4);
  await given.close();
  await fixed.close();
});
