import { describe, expect, it } from 'vitest';
import type { StepSettings } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { createNetwork, type NetworkSpec } from '../../src/nets/registry.js';
import { CLASSES, mobileNet, plainNetwork, resNet } from '../distill/steps.js';
import { type BothOptions, bothWays, byName } from './both-ways.js';

const three = () => [resNet(), mobileNet(0.3), plainNetwork()];
const two = () => [resNet(), resNet([6, 8])];

/** To the bit, names and order of the state as well. */
async function expectEqual(networks: readonly Graph[], options: BothOptions): Promise<void> {
  const { whole, placed } = await bothWays(networks, options);
  expect(whole.state.length).toBeGreaterThan(8);
  expect(byName(placed)).toEqual(byName(whole));
}

const SGD = { name: 'sgd', lr: 0.1, momentum: 0, weightDecay: 5e-4, nesterov: false } as const;
const ADAMW = { name: 'adamw', lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } as const;

const INPUT = { classes: CLASSES, channels: 3, height: 8, width: 8 };
/** The smallest networks of each family. */
const FAMILIES: Readonly<Record<string, unknown>> = {
  'resnet-cifar': { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] },
  resnet: { family: 'resnet', block: 'bottleneck', blocks: [1, 1], width: 8, stem: 'cifar' },
  'wide-resnet': { family: 'wide-resnet', depth: 10, widen_factor: 1, dropout: 0.3 },
  mobilenetv2: {
    family: 'mobilenetv2',
    settings_t_c_n_s: [
      [1, 8, 1, 1],
      [2, 8, 2, 2],
    ],
    ...{ stem: 8, stem_stride: 1, last: 16, dropout: 0.3 },
  },
  mobilenetv3: 'mobilenet_v3_small_cifar',
};

describe('a group in places of one processor gives the numbers of one graph, to the bit', () => {
  it.each<StepSettings['rule']>(['argmin', 'all-better', 'top-k', 'all', 'none'])(
    'rule %s, three unlike networks',
    async (rule) => {
      await expectEqual(three(), { settings: { rule, topK: 2, temperature: 2 } });
    },
  );

  it.each<[string, Partial<StepSettings>]>([
    ['logits and features', { beta: 0.5, rule: 'all', featureProjection: true }],
    ['features alone', { alpha: 0, beta: 0.5, featureProjection: true }],
    ['features by their sum', { beta: 0.01, featureReduction: 'sum', featureProjection: true }],
    ['SGD without momentum', { optimizer: SGD }],
    ['AdamW', { optimizer: ADAMW }],
    ['a clipped norm', { clipNorm: 0.1 }],
    ['accumulated gradients', { accumulate: 2 }],
    ['moving averages', { ema: 0.9 }],
    ['label smoothing', { labelSmoothing: 0.1 }],
    ['other rates of layers and no decay of norms', { layerDecay: 0.5, headLrFactor: 2, normWeightDecay: false }],
    ['float16 with loss scaling', { precision: 'float16', accumulate: 2, clipNorm: 1 }],
    ['frozen backbones', { freeze: 'backbone' }],
    ['a frozen teacher', { teacher: { weight: 0.5, temperature: 3 } }],
    ['any number of classes', { task: 'multi-label', beta: 0.5, featureProjection: true }],
  ])('%s', async (_, settings) => {
    await expectEqual(two(), { settings });
  });

  it.each<[string, BothOptions]>([
    ['mixed images', { options: { mixed: true } }],
    ['own inputs', { options: { ownInputs: true } }],
    ['class weights', { options: { classWeights: Array.from({ length: CLASSES }, (_, c) => 0.5 + c) } }],
    ['images without labels', { options: { unlabelled: 2 }, settings: { beta: 0.5, featureProjection: true } }],
    [
      'images without labels and a frozen teacher',
      { options: { unlabelled: 2 }, settings: { teacher: { weight: 1, temperature: 4 } } },
    ],
    ['the forward pass made again', { keep: false, settings: { beta: 0.5, featureProjection: true } }],
  ])('%s', async (_, options) => {
    await expectEqual(two(), options);
  });

  it('a network alone', async () => {
    await expectEqual([mobileNet(0.3)], {});
  });

  const families = Object.keys(FAMILIES);
  it.each(families.flatMap((one, i) => families.slice(i).map((other) => [one, other] as const)))(
    '%s and %s',
    async (...names) => {
      await expectEqual(
        names.map((name) => createNetwork(FAMILIES[name] as NetworkSpec, INPUT)),
        { steps: 2 },
      );
    },
  );
});
