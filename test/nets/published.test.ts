import { describe, expect, test } from 'vitest';
import { NETWORKS } from '../../src/nets/registry.js';
import { countMultiplyAdds, countParameters, summariseNetworks } from '../../src/nets/summary.js';
import { network } from './networks.js';

/** At 100 classes: RepDistiller, mdistiller and issue 2; at 1000: torchvision's tables; at 10: issue 2. */
const PARAMETERS: readonly (readonly [name: string, classes: number, count: number])[] = [
  ['resnet20', 100, 278_324],
  ['resnet32', 100, 472_756],
  ['resnet56', 100, 861_620],
  ['resnet110', 100, 1_736_564],
  ['resnet8x4', 100, 1_233_540],
  ['resnet32x4', 100, 7_433_860],
  ['wrn_16_2', 100, 703_284],
  ['wrn_40_2', 100, 2_255_156],
  ['wrn_28_10', 100, 36_536_884],
  ['wrn_28_2', 10, 1_467_610],
  ['resnet18', 1000, 11_689_512],
  ['resnet34', 1000, 21_797_672],
  ['resnet50', 1000, 25_557_032],
  ['mobilenet_v2', 1000, 3_504_872],
  ['mobilenet_v3_small', 1000, 2_542_856],
  ['mobilenet_v3_large', 1000, 5_483_032],
];

test.each(PARAMETERS)('%s at %i classes has %i parameters', (name, classes, count) => {
  expect(countParameters(network(name, { classes }))).toBe(count);
});

/** In millions, from timm's tables (mobilenetv2_035, _050, _140) and weiaicunzai/pytorch-cifar100 (resnet18, 34, 50). */
test.each([
  ['mobilenet_v2_0.35', 1.68],
  ['mobilenet_v2_0.5', 1.97],
  ['mobilenet_v2_1.4', 6.11],
  ['resnet18_cifar', 11.22],
  ['resnet34_cifar', 21.33],
  ['resnet50_cifar', 23.71],
])('%s has %f million parameters', (name, millions) => {
  expect(countParameters(network(name)) / 1e6).toBeCloseTo(millions, 2);
});

/** "GFLOPS" of torchvision's tables at 224x224: billions of multiply-adds. */
test.each([
  ['resnet18', 1.814],
  ['resnet34', 3.664],
  ['resnet50', 4.089],
  ['mobilenet_v2', 0.301],
  ['mobilenet_v3_small', 0.0565],
  ['mobilenet_v3_large', 0.217],
])('%s takes %f billion multiply-adds', (name, billions) => {
  const ratio = countMultiplyAdds(network(name)) / 1e9 / billions;
  expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
});

describe('the summary', () => {
  test('has a row for every network, on its usual images', () => {
    const rows = summariseNetworks();
    expect(rows.map(({ name }) => name)).toEqual([...NETWORKS.keys()]);
    expect(rows.find(({ name }) => name === 'resnet20')).toMatchObject({
      family: 'resnet-cifar',
      parameters: 278_324,
      inputSize: 32,
      classes: 100,
    });
  });

  test('counts for other classes and sizes', () => {
    const row = summariseNetworks({ classes: 10, size: 64 }).find(({ name }) => name === 'resnet20');
    expect(row).toMatchObject({ classes: 10, inputSize: 64, parameters: 278_324 - 90 * 65 });
  });
});
