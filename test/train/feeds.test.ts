import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/data/batch/loader.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { type FeedSource, feedsFor } from '../../src/train/feeds.js';

const BATCH: Batch = {
  images: Float32Array.of(1, 2, 3, 4, 5, 6),
  labels: Int32Array.of(2, 0),
  indices: Uint32Array.of(7, 9),
  size: 2,
};
const PERTURBED: Batch = {
  ...BATCH,
  perturbed: {
    network: 1,
    operation: 'mixup',
    images: Float32Array.of(6, 5, 4, 3, 2, 1),
    partners: Int32Array.of(0, 2),
    lambda: 0.25,
  },
};

const MIXED = { partners: Int32Array.of(0, 2), lambda: 0.75 };

const IMAGES = tensor('float32', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]);
const LABELS = tensor('int64', [2], [2, 0]);

function source(settings: SettingsInput, teacher?: FeedSource['teacher']): FeedSource {
  return {
    settings: parseSettings({ nets: ['resnet8', 'resnet8', 'resnet8'], ...settings }),
    input: { channels: 3, height: 1, width: 1 },
    uniforms: [],
    teacher,
    updatesBefore: 0,
  };
}

describe('the feeds of a step', () => {
  it('are one batch for all, and the learning rate', async () => {
    const rate = tensor('float32', [], [0.5]);
    expect(await feedsFor(source({}), BATCH, 0.5, 3)).toEqual({ images: IMAGES, labels: LABELS, learning_rate: rate });
  });

  it('are a clean batch for all but the perturbed network', async () => {
    const perturbing = source({ inputPerturbation: { pool: 'paper' } });
    const feeds = await feedsFor(perturbing, PERTURBED, 0.5, 3);
    const one = tensor('float32', [], [1]);
    expect(feeds).toEqual({
      labels: LABELS,
      learning_rate: tensor('float32', [], [0.5]),
      ...{ 'net0.images': IMAGES, 'net0.partners': LABELS, 'net0.lambda': one },
      'net1.images': tensor('float32', [2, 3, 1, 1], [6, 5, 4, 3, 2, 1]),
      'net1.partners': tensor('int64', [2], [0, 2]),
      'net1.lambda': tensor('float32', [], [0.25]),
      ...{ 'net2.images': IMAGES, 'net2.partners': LABELS, 'net2.lambda': one },
    });
    expect(feeds['net2.images']).toBe(feeds['net0.images']);

    const clean = await feedsFor(perturbing, BATCH, 0.5, 4);
    expect([clean['net1.images'], clean['net1.partners'], clean['net1.lambda']]).toEqual([IMAGES, LABELS, one]);
  });

  it('have the labels of the images that are mixed in, for all networks but the perturbed one', async () => {
    const [partners, lambda] = [tensor('int64', [2], [0, 2]), tensor('float32', [], [0.75])];
    const shared = await feedsFor(source({ mixup: 1 }), { ...BATCH, mixed: MIXED }, 0.5, 3);
    expect(shared).toMatchObject({ images: IMAGES, labels: LABELS, partners, lambda });
    const perturbing = source({ mixup: 1, inputPerturbation: { pool: 'paper' } });
    const own = { network: 1, operation: 'noise', images: BATCH.images, partners: BATCH.labels, lambda: 1 };
    const feeds = await feedsFor(perturbing, { ...BATCH, mixed: MIXED, perturbed: own }, 0.5, 3);
    expect(feeds).toMatchObject({
      ...{ 'net0.images': IMAGES, 'net0.partners': partners, 'net0.lambda': lambda },
      ...{ 'net1.images': IMAGES, 'net1.partners': LABELS, 'net1.lambda': tensor('float32', [], [1]) },
      ...{ 'net2.images': IMAGES, 'net2.partners': partners, 'net2.lambda': lambda },
    });
    expect(Object.keys(feeds)).not.toContain('partners');
  });

  it('have rows of targets for images with any number of classes', async () => {
    const [targets, partnerTargets] = [Float32Array.of(1, 0, 1, 0, 0, 0), Float32Array.of(0, 1, 1, 1, 1, 0)];
    const feeds = await feedsFor(source({ task: 'multi-label' }), { ...BATCH, targets }, 0.5, 3);
    expect(feeds.labels).toEqual(tensor('float32', [2, 3], [...targets]));
    const perturbed = { ...(PERTURBED.perturbed as NonNullable<Batch['perturbed']>), partnerTargets };
    const perturbing = source({ task: 'multi-label', inputPerturbation: { pool: 'paper' } });
    const own = await feedsFor(perturbing, { ...PERTURBED, targets, perturbed }, 0.5, 3);
    expect(own['net1.partners']).toEqual(tensor('float32', [2, 3], [...partnerTargets]));
    expect(own['net0.partners']).toEqual(own.labels);
  });

  it('count the updates that the optimizer had seen before the run', async () => {
    const begun = { ...source({ optimizer: { name: 'adamw', betas: [0.5, 0.5] } }), updatesBefore: 2 };
    // The step of count 1 is the fourth update: 1 / (1 - 0.5^4)
    expect((await feedsFor(begun, BATCH, 1, 1)).step_size).toEqual(tensor('float32', [], [16 / 15]));
  });

  it('say which step ends with an update, where gradients are accumulated, and count the updates', async () => {
    const accumulating = source({ accumulate: 3, optimizer: { name: 'adamw', betas: [0.5, 0.5] } });
    const all = await Promise.all([0, 1, 2, 3, 4, 5].map((count) => feedsFor(accumulating, BATCH, 1, count)));
    expect(all.map(({ updates }) => updates?.data[0])).toEqual([0, 0, 1, 0, 0, 1]);
    // 1 / (1 - 0.5^t)
    expect(all.map(({ step_size }) => step_size?.data[0])).toEqual([2, 2, 2, 4 / 3, 4 / 3, 4 / 3].map(Math.fround));
  });

  it('have the logits of a frozen teacher on the clean images', async () => {
    const shown: Tensor[] = [];
    const logits = tensor('float32', [2, 3], [1, 2, 3, 4, 5, 6]);
    const teacher = {
      notes: [],
      logits: async (images: Tensor) => {
        shown.push(images);
        return logits;
      },
      close: async () => {},
    };
    const feeds = await feedsFor(source({ inputPerturbation: { pool: 'paper' } }, teacher), PERTURBED, 0.5, 3);
    expect(feeds['teacher.logits']).toBe(logits);
    expect(shown).toEqual([IMAGES]);
  });

  it('have images without labels behind those of the batch, for the teacher and for every network', async () => {
    const shown: Tensor[] = [];
    const teacher = {
      notes: [],
      logits: async (images: Tensor) => {
        shown.push(images);
        return images;
      },
      close: async () => {},
    };
    const unlabelled = { images: Float32Array.of(7, 8, 9), size: 1 };
    const all = tensor('float32', [3, 3, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const feeds = await feedsFor(source({}, teacher), { ...BATCH, unlabelled }, 0.5, 3);
    expect(feeds).toMatchObject({ images: all, labels: LABELS });
    expect(shown).toEqual([all]);
    const perturbing = source({ inputPerturbation: { pool: 'paper' } });
    const own = await feedsFor(perturbing, { ...PERTURBED, unlabelled }, 0.5, 3);
    expect(own).toMatchObject({
      labels: LABELS,
      'net0.images': all,
      'net1.images': tensor('float32', [3, 3, 1, 1], [6, 5, 4, 3, 2, 1, 7, 8, 9]),
      'net1.partners': tensor('int64', [2], [0, 2]),
    });
  });
});
