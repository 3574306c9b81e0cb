import { describe, expect, it } from 'vitest';
import { type Tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { hasOrtTraining } from '../../../src/ort-training/session/library.js';
import type { SettingsInput } from '../../../src/settings/settings.js';
import { difference, MOBILENET, openOfficial, openOwn, RESNET, training } from './engines.js';

const STEPS = [0, 1, 2];

/** A small network of each family and form, and its images' side. */
const FAMILIES: readonly (readonly [string, NonNullable<SettingsInput['nets']>[number], number])[] = [
  ['resnet-cifar', RESNET, 8],
  ['wide-resnet, with Dropout', { family: 'wide-resnet', depth: 10, widen_factor: 1, dropout: 0.3 }, 8],
  ['resnet, ImageNet’s stem', { family: 'resnet', block: 'basic', blocks: [1, 1], width: 8 }, 32],
  ['resnet, bottlenecks', { family: 'resnet', block: 'bottleneck', blocks: [1, 1], width: 4, stem: 'cifar' }, 8],
  ['mobilenetv2, with Dropout', MOBILENET, 8],
  ['mobilenetv3', 'mobilenet_v3_small_cifar', 16],
];

describe.skipIf(!hasOrtTraining())('the official session trains each family (skipped without the package)', () => {
  it.each(FAMILIES)("with the losses of Agon's own engine: %s", async (_, net, side) => {
    const run = training({ nets: [net] }, side);
    const [own, official] = [await openOwn(run), await openOfficial(run)];
    for (const stepper of [own, official]) stepper.load(run.state);
    const losses: number[] = [];
    for (const k of STEPS) {
      // A batch that stays, with the same neurons dropped; the learning rate is the step's
      const { learning_rate } = run.feeds(k);
      const feeds = { ...run.feeds(0), learning_rate: learning_rate as Tensor };
      const [expected, got] = [await own.step(feeds), await official.step(feeds)];
      for (const name of ['ce', 'total', 'accuracy']) {
        expect(difference(got.get(name), expected.get(name)), `${name} of step ${k}`).toBeLessThan(1e-4);
      }
      losses.push(toNumbers(got.get('ce') as Tensor)[0] as number);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });
});
