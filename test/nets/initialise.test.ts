import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import type { Initialiser } from '../../src/graph/initialiser.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import type { NetworkSpec } from '../../src/nets/registry.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { network } from './networks.js';

const SHORT_RESNET: NetworkSpec = { family: 'resnet', block: 'basic', blocks: [1] };

/** PyTorch's formulas, worked out by hand for one tensor of each kind. */
test.each([
  // kaiming_normal_(fan_out): sqrt(2 / (64 * 3 * 3))
  ['resnet8', 'layer3.0.conv2.weight', Math.sqrt(2 / 576)],
  // the same for the 7x7 stem: sqrt(2 / (64 * 7 * 7))
  [SHORT_RESNET, 'conv1.weight', Math.sqrt(2 / 3136)],
  // depthwise: torch doesn't divide by the groups: sqrt(2 / (960 * 3 * 3))
  ['mobilenet_v2', 'features.15.conv.1.0.weight', Math.sqrt(2 / 8640)],
  ['wrn_16_2', 'block3.layer.0.convShortcut.weight', Math.sqrt(2 / 128)],
  ['mobilenet_v2', 'classifier.1.weight', 0.01],
  ['mobilenet_v3_small', 'classifier.0.weight', 0.01],
  // nn.Linear: U(-1/8, 1/8) at 64 inputs has deviation 1 / (8 sqrt 3)
  ['resnet8', 'fc.weight', 1 / (8 * Math.sqrt(3))],
])('%j %s: mean 0, the deviation of the formula', (name, parameter, deviation) => {
  const values = valuesOf(initialiseParameters(network(name), 7), parameter);
  const tolerance = 4 / Math.sqrt(values.length);
  expect(Math.abs(mean(values)) / deviation).toBeLessThan(tolerance);
  const measured = Math.sqrt(mean(values.map((value) => value ** 2)));
  expect(Math.abs(measured / deviation - 1)).toBeLessThan(tolerance);
});

test('a uniform initialiser fills its range and stays inside', () => {
  const values = valuesOf(initialiseParameters(network('resnet8'), 7), 'fc.weight');
  expect(Math.max(...values)).toBeLessThanOrEqual(1 / 8);
  expect(Math.max(...values)).toBeGreaterThan(0.99 / 8);
  expect(Math.min(...values)).toBeLessThan(-0.99 / 8);
});

test('a normal initialiser is normal: 68.3% within one deviation, 95.4% within two', () => {
  const values = valuesOf(initialiseParameters(network('resnet8'), 7), 'layer3.0.conv2.weight').map(Math.abs);
  const within = (limit: number) => values.filter((value) => value < limit * Math.sqrt(2 / 576)).length / values.length;
  expect(Math.abs(within(1) - 0.6827)).toBeLessThan(0.01);
  expect(Math.abs(within(2) - 0.9545)).toBeLessThan(0.01);
});

test('biases and statistics start constant', () => {
  const v3 = initialiseParameters(network('mobilenet_v3_small'), 7);
  expect(all(v3, 'features.1.block.1.fc1.bias', 0)).toBe(true);
  expect(all(v3, 'classifier.3.bias', 0)).toBe(true);
  expect(all(v3, 'features.0.1.weight', 1)).toBe(true);
  expect(all(v3, 'features.0.1.bias', 0)).toBe(true);
  expect(all(v3, 'features.0.1.running_mean', 0)).toBe(true);
  expect(all(v3, 'features.0.1.running_var', 1)).toBe(true);
  expect(all(initialiseParameters(network('wrn_16_2'), 7), 'fc.bias', 0)).toBe(true);
  expect(all(initialiseParameters(network('resnet8'), 7), 'fc.bias', 0)).toBe(false);
});

test('the same seed gives the same bits, another seed or address others', () => {
  const graph = network('resnet8');
  const at = (seed: number, ...address: number[]) =>
    valuesOf(initialiseParameters(graph, seed, ...address), 'conv1.weight');
  expect(at(7, 0)).toEqual(at(7, 0));
  expect(at(8, 0)).not.toEqual(at(7, 0));
  expect(at(7, 1)).not.toEqual(at(7, 0));
});

test('a parameter’s values don’t depend on the others', () => {
  const [shallow, deep] = [initialiseParameters(network('resnet8'), 7), initialiseParameters(network('resnet20'), 7)];
  expect(valuesOf(deep, 'layer3.0.conv2.weight')).toEqual(valuesOf(shallow, 'layer3.0.conv2.weight'));
  expect(valuesOf(deep, 'layer3.1.conv2.weight')).not.toEqual(valuesOf(deep, 'layer3.0.conv2.weight'));
});

test('fan in and fan out differ', () => {
  const graph = new Graph('fans');
  const declare = (name: string, mode: 'fan-in' | 'fan-out') =>
    graph.parameter(name, [400, 10, 2, 2], { kind: 'kaiming-normal', mode });
  declare('in', 'fan-in');
  declare('out', 'fan-out');
  const values = initialiseParameters(graph, 7);
  const variance = (name: string) => mean(valuesOf(values, name).map((value) => value ** 2));
  expect(variance('in')).toBeCloseTo(2 / 40, 2);
  expect(variance('out')).toBeCloseTo(2 / 1600, 4);
});

test('a vector has no fans', () => {
  const graph = new Graph('fans');
  const initialiser: Initialiser = { kind: 'kaiming-normal', mode: 'fan-in' };
  graph.parameter('v', [3], initialiser);
  expect(() => initialiseParameters(graph, 7)).toThrow('parameter v: fans need at least two axes: got [3]');
});

function valuesOf(values: ReadonlyMap<string, Tensor>, name: string): number[] {
  return toNumbers(values.get(name) as Tensor);
}

function all(values: ReadonlyMap<string, Tensor>, name: string, expected: number): boolean {
  return valuesOf(values, name).every((value) => value === expected);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
