import { describe, expect, it } from 'vitest';
import { cutFrozen, FEATURES } from '../../src/graph/cut.js';
import { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { freezeNetwork } from '../../src/nets/freeze.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { activation, conv, dropout, globalPool, linear } from '../../src/nets/layers.js';
import { createNetwork } from '../../src/nets/registry.js';
import { encodeModel } from '../../src/onnx/file.js';
import { float32Data, type Tensor, tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { Session } from '../../src/runtime/session.js';
import { present } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';

const SIDE = 32;
const INPUT = { classes: 5, channels: 3, height: SIDE, width: SIDE };
const cut = (network: Graph) => cutFrozen(freezeNetwork(network, 'backbone'));

async function outputOf(graph: Graph, feeds: Record<string, Tensor>, name: string, all: ReadonlyMap<string, Tensor>) {
  const parameters = new Map([...graph.parameters.keys()].map((key) => [key, present(all.get(key), key)]));
  const session = await Session.open(encodeModel(toModel(graph, { parameters })), { device: CPU });
  const result = present((await session.run(feeds, [name])).get(name), name);
  await session.close();
  return result;
}

describe('a network that is cut before its head', () => {
  it.each([
    ['mobilenet_v2', [1280], ['classifier.1.weight', 'classifier.1.bias']],
    [
      'mobilenet_v3_small',
      [576],
      ['classifier.0.weight', 'classifier.0.bias', 'classifier.3.weight', 'classifier.3.bias'],
    ],
    ['resnet8', [64], ['fc.weight', 'fc.bias']],
    ['wrn_16_2', [128], ['fc.weight', 'fc.bias']],
  ])('gives the same logits in two parts: %s', async (name, dims, own) => {
    const network = createNetwork(name, INPUT);
    const { backbone, head } = present(cut(network), 'the cut');
    const { shape } = present(backbone.outputs.get(FEATURES), FEATURES);
    expect(shape.slice(1)).toEqual(dims);
    expect([...head.parameters.keys()].sort()).toEqual([...own].sort());
    expect([...head.parameters.values()].map(({ role }) => role)).toEqual(own.map(() => 'weight'));
    expect(backbone.parameters.size + head.parameters.size).toBe(network.parameters.size);

    const random = stream(3, 'images');
    const data = Float32Array.from({ length: 2 * 3 * SIDE * SIDE }, () => random.normal());
    const images = tensor('float32', [2, 3, SIDE, SIDE], data);
    const values = initialiseParameters(network, 1);
    const features = await outputOf(backbone, { images }, FEATURES, values);
    const logits = await outputOf(head, { features }, 'logits', values);
    const whole = await outputOf(network, { images }, 'logits', values);
    expect(logits.dims).toEqual(whole.dims);
    const scale = float32Data(whole).reduce((most, z) => Math.max(most, Math.abs(z)), 0);
    for (const [i, z] of float32Data(whole).entries())
      expect(float32Data(logits)[i]).toBeCloseTo(z, scale > 10 ? 2 : 4);
  });

  it('keeps Dropout before the head in the head', () => {
    const { head, backbone } = present(cut(createNetwork('mobilenet_v2', INPUT)), 'the cut');
    const dropouts = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'Dropout').map(({ name }) => name);
    expect([dropouts(head), dropouts(backbone)]).toEqual([['classifier.0/Dropout'], []]);
  });

  it('has no cut where the head takes two values of the rest, or nothing is frozen', () => {
    const graph = new Graph('two');
    const images = graph.input('images', 'float32', ['N', 3, 8, 8]);
    const [one, two] = ['a', 'b'].map((path) => {
      return activation(graph, `${path}.relu`, conv(graph, `${path}.conv`, images, { channels: 4 }), 'relu');
    });
    const pooled = [one, two].map((map, i) => globalPool(graph, `pool${i}`, present(map, 'a map')));
    const heads = pooled.map((x, i) => linear(graph, `fc${i}`, dropout(graph, `drop${i}`, x, 0.5), 5));
    graph.output('logits', graph.op('Add', heads));
    graph.output('features', present(one, 'a map'));
    expect(cut(graph)).toBeUndefined();
    expect(cutFrozen(createNetwork('resnet8', INPUT))).toBeUndefined();
  });
});
