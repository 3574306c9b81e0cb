import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { createNetworkFromFixture } from '../../src/nets/registry.js';
import { readSafetensors, type Safetensors } from '../../src/onnx/safetensors.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { forward, network, shapeOf } from './networks.js';

/** Entries of the models' `state_dict()` in torchvision. */
test.each([
  ['resnet18', { 'conv1.weight': [64, 3, 7, 7], 'layer2.0.downsample.1.running_var': [128], 'fc.bias': [1000] }],
  [
    'resnet50',
    {
      'layer1.0.conv3.weight': [256, 64, 1, 1],
      'layer1.0.downsample.0.weight': [256, 64, 1, 1],
      'layer2.0.conv2.weight': [128, 128, 3, 3],
      'layer4.2.bn3.running_var': [2048],
      'fc.weight': [1000, 2048],
    },
  ],
  [
    'mobilenet_v2',
    {
      'features.0.0.weight': [32, 3, 3, 3],
      'features.1.conv.0.0.weight': [32, 1, 3, 3],
      'features.1.conv.1.weight': [16, 32, 1, 1],
      'features.1.conv.2.bias': [16],
      'features.3.conv.0.0.weight': [144, 24, 1, 1],
      'features.17.conv.3.running_mean': [320],
      'features.18.0.weight': [1280, 320, 1, 1],
      'classifier.1.weight': [1000, 1280],
    },
  ],
  [
    'mobilenet_v3_small',
    {
      'features.1.block.0.0.weight': [16, 1, 3, 3],
      'features.1.block.1.fc1.weight': [8, 16, 1, 1],
      'features.1.block.2.0.weight': [16, 16, 1, 1],
      'features.12.1.running_mean': [576],
      'classifier.0.weight': [1024, 576],
      'classifier.3.bias': [1000],
    },
  ],
  [
    'mobilenet_v3_large',
    {
      'features.1.block.1.0.weight': [16, 16, 1, 1],
      'features.4.block.2.fc2.bias': [72],
      'features.4.block.3.0.weight': [40, 72, 1, 1],
      'features.16.0.weight': [960, 160, 1, 1],
      'classifier.0.weight': [1280, 960],
    },
  ],
])('%s is named as in torchvision', (name, shapes) => {
  const graph = network(name);
  for (const [parameter, shape] of Object.entries(shapes)) expect(shapeOf(graph, parameter), parameter).toEqual(shape);
});

/** `len(state_dict())` without `num_batches_tracked`, of which each BatchNorm has one. */
test.each([
  ['resnet18', 122 - 20],
  ['resnet50', 320 - 53],
  ['mobilenet_v2', 314 - 52],
  ['mobilenet_v3_small', 244 - 34],
  ['mobilenet_v3_large', 312 - 46],
])('%s has the %i entries of torchvision', (name, count) => {
  expect(network(name).parameters.size).toBe(count);
});

test('a wide ResNet is named as in RepDistiller', () => {
  const names = [...network('wrn_16_2').parameters.keys()];
  expect(names).toEqual(
    expect.arrayContaining([
      'block1.layer.0.convShortcut.weight',
      'block3.layer.1.bn2.running_mean',
      'bn1.weight',
      'fc.bias',
    ]),
  );
  expect(names).not.toContain('block1.layer.1.convShortcut.weight');
});

const FIXTURES = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url));
const FILES = existsSync(FIXTURES) ? readdirSync(FIXTURES).filter((file) => file.endsWith('.safetensors')) : [];
const describeFixtures = FILES.length > 0 ? describe : describe.skip;

describeFixtures(`PyTorch's fixtures${FILES.length > 0 ? '' : ' (skipped: ../shared/fixtures is absent)'}`, () => {
  test.each(FILES)('%s: names and shapes', (file) => {
    const fixture = read(file);
    const graphs = netsOf(fixture).map((net) => createNetworkFromFixture(net, classesOf(fixture)));
    const prefix = (i: number) => (fixture.metadata.kind === '"single"' ? 'init.' : `init.net${i}.`);
    for (const [i, graph] of graphs.entries()) {
      const expected = [...withPrefix(fixture, prefix(i))].map(([name, { dims }]) => [name, dims]);
      expect([...shapes(graph)]).toEqual(expected);
    }
  });

  const single = FILES.filter((file) => !file.startsWith('competition'));
  test.each(single)('%s: the trained network gives the same logits', async (file) => {
    const fixture = read(file);
    const [net] = netsOf(fixture);
    const [steps = 0, ...dims] = fixture.tensors.get('data.x')?.dims ?? [];
    const all = fixture.tensors.get('data.x')?.data as Float32Array;
    const images = tensor('float32', dims, all.slice(0, all.length / steps));
    const graph = createNetworkFromFixture(net, classesOf(fixture));
    const { logits } = await forward(graph, withPrefix(fixture, 'final.'), images);
    const expected = toNumbers(fixture.tensors.get('eval.logits') as Tensor);
    const scale = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries())
      expect(Math.abs((logits.data[i] ?? Number.NaN) - value)).toBeLessThan(1e-5 * scale);
  });
});

function read(file: string): Safetensors {
  return readSafetensors(readFileSync(FIXTURES + file), file);
}

function netsOf({ metadata }: Safetensors): unknown[] {
  return JSON.parse(String(metadata.nets));
}

function classesOf({ metadata }: Safetensors): number {
  return Number(metadata.classes);
}

/** Tensors whose name has the prefix, without it. */
function withPrefix({ tensors }: Safetensors, prefix: string): Map<string, Tensor> {
  const matching = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(matching.map(([name, content]) => [name.slice(prefix.length), content]));
}

function* shapes(graph: Graph) {
  for (const [name, { value }] of graph.parameters) yield [name, value.shape];
}
