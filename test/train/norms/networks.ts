import { join } from 'node:path';
import { inferenceGraph } from '../../../src/export/inference-graph.js';
import { toModel } from '../../../src/graph/to-model.js';
import { createGroup } from '../../../src/group/create-group.js';
import type { Group } from '../../../src/group/group.js';
import { openSources } from '../../../src/group/network-source.js';
import { initialiseParameters } from '../../../src/nets/initialise.js';
import { buildNetwork, planNetwork } from '../../../src/nets/registry.js';
import { writeModelFile } from '../../../src/onnx/file.js';
import type { ModelProto } from '../../../src/onnx/model.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { CPU } from '../../../src/runtime/device.js';
import { Predictor } from '../../../src/runtime/predictor.js';
import { prepareData } from '../../../src/train/data.js';
import { fitNorms } from '../../../src/train/norms/fitted-norms.js';
import { measureNorms } from '../../../src/train/norms/restored-norms.js';
import { at } from '../../../src/util/checked.js';
import { present } from '../../../src/util/error.js';
import { stream } from '../../../src/util/random.js';
import { CLASSES, SIDE, smallData, smallSettings, temporaryFolder } from '../../run/runs.js';

/** A network as a model, with running statistics and weights that are none of a beginning's. */
export function modelOf(spec: object): ModelProto {
  const graph = inferenceGraph(
    buildNetwork(planNetwork(spec), { classes: CLASSES, channels: 1, height: SIDE, width: SIDE }),
  );
  const parameters = new Map(
    [...initialiseParameters(graph, 3)].map(([name, value]) => {
      const random = stream(4, name);
      const numbers = toNumbers(value).map((x) => x * (1 + 0.4 * random.uniform()) + 0.2 * (random.uniform() - 0.5));
      return [
        name,
        name.endsWith('running_var')
          ? tensor('float32', value.dims, numbers.map(Math.abs))
          : tensor('float32', value.dims, numbers),
      ];
    }),
  );
  return toModel(graph, { parameters });
}

/** A group of one network that begins as a model does, and what it is for. */
export async function groupOf(model: ModelProto, options: { readonly fitNorms?: boolean } = {}) {
  const path = join(await temporaryFolder(), 'model.onnx');
  await writeModelFile(path, model);
  const settings = smallSettings(await smallData(), { nets: [path], ...options });
  const data = await prepareData(settings);
  const begun = createGroup(await openSources(settings), data.dataset, data.preprocessing, settings);
  return { settings, data, group: await fitNorms(await measureNorms(begun, data, settings), data, settings) };
}

/** What a graph with the group's values gives for some images. */
export async function logitsOf({ graphs, weights }: Group, images: Tensor): Promise<number[]> {
  const predictor = await Predictor.open(at(graphs, 0), { device: CPU, threads: 1 });
  predictor.load((name) => present(weights?.tensors.get(`net0.${name}`), name));
  const logits = await predictor.logits(images);
  await predictor.close();
  return toNumbers(logits);
}

/** Means and population variances over batch and positions of [N, C, H, W], for each channel. */
export function momentsOf(value: Tensor): { mean: number[]; variance: number[] } {
  const [n = 0, c = 0, ...rest] = value.dims;
  const area = rest.reduce((product, size) => product * size, 1);
  const numbers = toNumbers(value);
  const channel = (k: number) =>
    Array.from({ length: n * area }, (_, i) => at(numbers, (Math.floor(i / area) * c + k) * area + (i % area)));
  const mean = Array.from({ length: c }, (_, k) => channel(k).reduce((sum, x) => sum + x, 0) / (n * area));
  const variance = mean.map((m, k) => channel(k).reduce((sum, x) => sum + (x - m) ** 2, 0) / (n * area));
  return { mean, variance };
}
