import { expect, test } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import type { Node } from '../../src/graph/node/node.js';
import { toNumbers } from '../../src/onnx/tensor.js';
import { network } from './networks.js';

test('MobileNetV3: torch’s hard sigmoid (slope 1/6), and BatchNorm with eps 0.001, momentum 0.01', () => {
  const { nodes } = network('mobilenet_v3_small');
  const attributesOf = (op: string) => nodes.filter((node) => node.op === op).map((node) => node.attributes);
  expect(new Set(attributesOf('HardSigmoid').map(({ alpha, beta }) => `${alpha} ${beta}`))).toEqual(
    new Set([`${1 / 6} 0.5`]),
  );
  expect(attributesOf('HardSigmoid').length).toBe(9);
  for (const attributes of attributesOf('BatchNormalization'))
    expect(attributes).toEqual({ epsilon: 1e-3, momentum: 0.99 });
});

test('MobileNetV3: a block activates as its row says', () => {
  const graph = network('mobilenet_v3_large');
  expect(graph.nodes.some(({ name }) => name === 'features.6.block.1.2/Relu')).toBe(true);
  expect(graph.nodes.some(({ name }) => name === 'features.7.block.1.2/HardSwish')).toBe(true);
  expect(find(graph, 'features.7.block.1.0/Conv').numbers('strides')).toEqual([2, 2]);
});

test('the other families: BatchNorm with eps 1e-5, momentum 0.1', () => {
  for (const name of ['resnet8', 'wrn_16_2', 'resnet50', 'mobilenet_v2']) {
    const norm = network(name).nodes.find(({ op }) => op === 'BatchNormalization');
    expect(norm?.attributes).toEqual({ epsilon: 1e-5, momentum: 0.9 });
  }
});

test('ReLU6 and dropout take their constants as inputs', () => {
  const graph = network('mobilenet_v2');
  const constants = (name: string) =>
    find(graph, name)
      .inputs.slice(1)
      .map((value) => toNumbers(constantOf(graph, value?.name)));
  expect(constants('features.0.2/Clip')).toEqual([[0], [6]]);
  expect(constants('classifier.0/Dropout')[0]?.[0]).toBeCloseTo(0.2, 6);
});

test('ResNet-50: the stride is in the 3x3 convolution', () => {
  const graph = network('resnet50');
  const strides = (name: string) => find(graph, `layer2.0.${name}/Conv`).numbers('strides');
  expect([strides('conv1'), strides('conv2'), strides('downsample.0')]).toEqual([
    [1, 1],
    [2, 2],
    [2, 2],
  ]);
});

test('wide ResNet: the shortcut convolution takes the activated input, the identity doesn’t', () => {
  const graph = network('wrn_16_2');
  expect(inputsOf(graph, 'block2.layer.0.convShortcut/Conv')[0]).toBe('block2.layer.0.relu1/Relu');
  expect(inputsOf(graph, 'block2.layer.1/Add')).toEqual(['block2.layer.1.conv2/Conv', 'block2.layer.0/Add']);
});

test('features are the activated map before global pooling', () => {
  for (const name of ['resnet8', 'wrn_16_2', 'resnet50', 'mobilenet_v2', 'mobilenet_v3_small']) {
    const graph = network(name);
    expect(inputsOf(graph, 'avgpool/GlobalAveragePool')).toEqual([graph.outputs.get('features')?.name]);
  }
});

function find(graph: Graph, name: string): Node {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  if (!node) throw new Error(`there is no node ${name}`);
  return node;
}

function inputsOf(graph: Graph, name: string): (string | undefined)[] {
  return find(graph, name).inputs.map((value) => value?.name);
}

function constantOf(graph: Graph, name: string | undefined) {
  const entry = [...graph.constants].find(([value]) => value.name === name);
  if (!entry) throw new Error(`${name} is no constant`);
  return entry[1];
}
