import { describe, expect, it } from 'vitest';
import { normalisationFor } from '../../../src/data/image/normalisation.js';
import { preprocessingFor } from '../../../src/data/image/preprocess.js';

describe('a normalisation', () => {
  it("by name is torchvision's of ImageNet, or TensorFlow's from -1 to 1", () => {
    const { mean, std } = normalisationFor('imagenet', 3);
    expect([mean, std]).toEqual([
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ]);
    const tf = normalisationFor('tf', 3);
    for (const x of [0, 0.5, 1]) expect((x - (tf.mean[1] as number)) / (tf.std[1] as number)).toBe(2 * x - 1);
  });

  it('of grey images is the average of three', () => {
    const { mean, std } = normalisationFor('imagenet', 1);
    expect(mean[0]).toBeCloseTo((0.485 + 0.456 + 0.406) / 3, 12);
    expect(std[0]).toBeCloseTo((0.229 + 0.224 + 0.225) / 3, 12);
  });

  it('of one number is for all channels; of others than the images have it is an error', () => {
    expect(normalisationFor({ mean: [0.1], std: [0.2] }, 3)).toEqual({ mean: [0.1, 0.1, 0.1], std: [0.2, 0.2, 0.2] });
    expect(() => normalisationFor({ mean: [0, 0], std: [1, 1] }, 3)).toThrow(
      "settings: normalisation: expected mean and std of the images' 3 channels, got those of 2",
    );
  });
});

describe('the share that is cut out', () => {
  const statistics = { mean: [0, 0, 0], std: [1, 1, 1] };
  it.each([
    [224, undefined, 256],
    [224, 0.95, 236],
    [224, 1, 224],
    [160, 0.875, 183],
  ])('of %i pixels with share %s scales to %i', (side, share, scaled) => {
    const input = { height: side, width: side };
    const { resize } = preprocessingFor({ channels: 3 }, statistics, input, undefined, share);
    expect(resize).toEqual({ height: scaled, width: scaled });
  });

  it('is all of images that have the input size', () => {
    const input = { height: 32, width: 32 };
    expect(preprocessingFor({ channels: 3, size: input }, statistics, input, undefined, 0.5).resize).toEqual(input);
  });
});
