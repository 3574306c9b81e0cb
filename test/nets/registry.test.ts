import { describe, expect, test } from 'vitest';
import { smallestSize } from '../../src/nets/family.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import {
  createNetwork,
  createNetworkFromFixture,
  NETWORKS,
  type NetworkSpec,
  planNetwork,
} from '../../src/nets/registry.js';
import { countParameters } from '../../src/nets/summary.js';
import { tensor } from '../../src/onnx/tensor.js';
import { AgonError } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';
import { forward, network, shapeOf } from './networks.js';

/** Channels of the last feature map, and how much smaller than the image it is. */
const FEATURES: Readonly<Record<string, readonly [channels: number, stride: number]>> = {
  resnet8: [64, 4],
  resnet14: [64, 4],
  resnet20: [64, 4],
  resnet32: [64, 4],
  resnet44: [64, 4],
  resnet56: [64, 4],
  resnet110: [64, 4],
  resnet8x4: [256, 4],
  resnet32x4: [256, 4],
  wrn_16_2: [128, 4],
  wrn_28_2: [128, 4],
  wrn_28_10: [640, 4],
  wrn_40_2: [128, 4],
  resnet18: [512, 32],
  resnet34: [512, 32],
  resnet50: [2048, 32],
  resnet18_cifar: [512, 8],
  resnet34_cifar: [512, 8],
  resnet50_cifar: [2048, 8],
  mobilenet_v2: [1280, 32],
  'mobilenet_v2_0.35': [1280, 32],
  'mobilenet_v2_0.5': [1280, 32],
  'mobilenet_v2_0.75': [1280, 32],
  'mobilenet_v2_1.4': [1792, 32],
  mobilenet_v2_cifar: [1280, 8],
  'mobilenet_v2_cifar_0.5': [1280, 8],
  mobilenet_v3_small: [576, 32],
  mobilenet_v3_large: [960, 32],
  mobilenet_v3_small_cifar: [576, 8],
  mobilenet_v3_large_cifar: [960, 8],
};

test('every network is in the table above', () => {
  expect(Object.keys(FEATURES)).toEqual([...NETWORKS.keys()]);
});

describe.each(Object.entries(FEATURES))('%s', (name, [channels, stride]) => {
  test('gives logits and features', () => {
    const graph = network(name, { classes: 7, size: 64 });
    expect(graph.inputs.map((input) => [input.name, input.shape])).toEqual([['images', ['N', 3, 64, 64]]]);
    expect(shapeOf(graph, 'logits')).toEqual(['N', 7]);
    expect(shapeOf(graph, 'features')).toEqual(['N', channels, 64 / stride, 64 / stride]);
  });

  test('has names that tell where a node is', () => {
    const { nodes } = network(name, { size: 64 });
    expect(nodes.filter((node) => !/^[\w.]+\/[A-Z]\w+$/.test(node.name))).toEqual([]);
  });

  test('is built alike from its spec as JSON', () => {
    const { spec } = planNetwork(name);
    const copy = JSON.parse(JSON.stringify(spec)) as NetworkSpec;
    const [named, copied] = [network(name, { size: 64, classes: 7 }), network(copy, { size: 64, classes: 7 })];
    expect([...copied.parameters.keys()]).toEqual([...named.parameters.keys()]);
    expect(countParameters(copied)).toBe(countParameters(named));
    expect(copied.nodes.length).toBe(named.nodes.length);
  });

  test('says which images are too small', () => {
    const { strides } = planNetwork(name);
    const smallest = smallestSize(strides);
    expect(shapeOf(network(name, { size: smallest }), 'features')).toEqual(['N', channels, 1, 1]);
    const message = new RegExp(`network ${name}: .*too small.*at least ${smallest}x${smallest}, got ${smallest - 1}x`);
    expect(() => network(name, { size: smallest - 1 })).toThrow(message);
  });
});

/** Those that run in a moment; the big ones are of the same families. */
const SMALL: readonly (NetworkSpec | string)[] = [
  'resnet8',
  'resnet20',
  'resnet8x4',
  'wrn_16_2',
  'mobilenet_v2_0.35',
  'mobilenet_v2_cifar_0.5',
  'mobilenet_v3_small',
  'mobilenet_v3_small_cifar',
  'mobilenet_v3_large_cifar',
  { family: 'resnet', block: 'basic', blocks: [1, 1, 1, 1], width: 8 },
  { family: 'resnet', block: 'bottleneck', blocks: [1, 2], width: 8, stem: 'cifar' },
  { family: 'wide-resnet', depth: 10, widen_factor: 1, dropout: 0.3 },
];

describe('ONNX Runtime runs the forward graph', () => {
  test.each(SMALL.map((spec) => [typeof spec === 'string' ? spec : JSON.stringify(spec), spec] as const))(
    '%s',
    async (_, spec) => {
      const graph = createNetwork(spec, { classes: 7, channels: 1, height: 33, width: 40 });
      const random = stream(1, 'images');
      const data = Float32Array.from({ length: 2 * 33 * 40 }, () => random.normal());
      const images = tensor('float32', [2, 1, 33, 40], data);
      const { logits, features } = await forward(graph, initialiseParameters(graph, 1), images);
      expect(logits.dims).toEqual([2, 7]);
      expect(features.dims).toEqual([2, ...(shapeOf(graph, 'features')?.slice(1) ?? [])]);
      expect(logits.data.every(Number.isFinite)).toBe(true);
      expect(logits.data.some((value) => value !== logits.data[0])).toBe(true);
    },
  );
});

describe('specs', () => {
  test('take other depths and widths', () => {
    const graph = network({ family: 'resnet-cifar', blocks_per_stage: [1, 2], widths: [4, 8], stem: 6 });
    expect(shapeOf(graph, 'conv1.weight')).toEqual([6, 3, 3, 3]);
    expect(shapeOf(graph, 'layer1.0.downsample.0.weight')).toEqual([4, 6, 1, 1]);
    expect(shapeOf(graph, 'layer2.1.conv2.weight')).toEqual([8, 8, 3, 3]);
    expect(graph.parameters.has('layer1.1.conv1.weight')).toBe(false);
  });

  test('MobileNetV2: widths are rounded only with a multiplier', () => {
    const settings = [[6, 12, 1, 2]] as const;
    const exact = network({ family: 'mobilenetv2', settings_t_c_n_s: settings, stem: 9, last: 30 });
    expect(shapeOf(exact, 'features.1.conv.2.weight')).toEqual([12, 54, 1, 1]);
    const rounded = network({ family: 'mobilenetv2', settings_t_c_n_s: settings, stem: 10, last: 30, width: 1 });
    expect(shapeOf(rounded, 'features.1.conv.2.weight')).toEqual([16, 96, 1, 1]);
  });

  test('dropout 0 leaves no node', () => {
    const has = (dropout: number) =>
      network({ family: 'mobilenetv2', dropout }).nodes.some(({ op }) => op === 'Dropout');
    expect([has(0), has(0.2)]).toEqual([false, true]);
  });

  test('a spec with all defaults filled in is what a run can store', () => {
    expect(planNetwork('mobilenet_v3_small').spec).toEqual({
      family: 'mobilenetv3',
      size: 'small',
      stem: 'imagenet',
      dropout: 0.2,
    });
  });

  test.each([
    ['resnet23', /no network "resnet23". Did you mean "resnet\d+"/],
    ['mobilenetv2', /no network "mobilenetv2". Did you mean "mobilenet_v2"/],
    [{}, /has no "family"/],
    [{ family: 'resnet-cifer' }, /Did you mean "resnet-cifar"/],
    [{ family: 'poolnet' }, /no family "poolnet"/],
    [{ family: 'resnet-cifar', blocks_per_stage: 1, width: [8] }, /network spec of family resnet-cifar: widths: /],
    [{ family: 'resnet-cifar', blocks_per_stage: 1, widths: [8], stm: 1 }, /unknown key "stm". Did you mean "stem"/],
    [
      { family: 'resnet-cifar', blocks_per_stage: [1, 1], widths: [8] },
      /blocks_per_stage: expected one number, or one/,
    ],
    [{ family: 'wide-resnet', depth: 17, widen_factor: 2 }, /depth: expected 6 n \+ 4/],
    [{ family: 'mobilenetv2', dropout: 1 }, /dropout: /],
  ])('%j is refused', (spec, message) => {
    expect(() => planNetwork(spec)).toThrow(AgonError);
    expect(() => planNetwork(spec)).toThrow(message);
  });

  test('names of the benchmark that mean the same', () => {
    expect(planNetwork('resnet18i').name).toBe('resnet18');
    expect(planNetwork('mobilenetv2i').name).toBe('mobilenet_v2');
  });

  test('an impossible number of classes is refused', () => {
    const input = { classes: 0, channels: 3, height: 32, width: 32 };
    expect(() => createNetwork('resnet8', input)).toThrow(
      'network resnet8: classes: expected a whole number from 1, got 0',
    );
  });

  test('the hint for small images names the network with a CIFAR stem', () => {
    expect(() => network('resnet18', { size: 16 })).toThrow(/or use resnet18_cifar/);
    expect(() => network('resnet8', { size: 2 })).toThrow(/Resize the images$/);
  });

  test('the fixtures’ poolnet needs 9 pixels', () => {
    const poolnet = (size: number) =>
      createNetworkFromFixture({ family: 'poolnet' }, 10, { channels: 3, height: size, width: 32 });
    expect(shapeOf(poolnet(9), 'features')).toEqual(['N', 12, 1, 2]);
    expect(() => poolnet(8)).toThrow(/at least 9x9, got 32x8/);
  });
});
