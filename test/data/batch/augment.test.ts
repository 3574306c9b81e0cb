import { describe, expect, it } from 'vitest';
import { randAugment, trivialAugment } from '../../../src/data/augment/policies.js';
import { randomErasing } from '../../../src/data/augment/random-erasing.js';
import { type Augmentation, augment, defaultAugmentation, keepForTraining } from '../../../src/data/batch/augment.js';
import { fitImage, preprocessingFor } from '../../../src/data/image/preprocess.js';
import { paddedBox, RANDOM_RESIZED_CROP } from '../../../src/data/image/random-crop.js';
import { resize } from '../../../src/data/image/resize.js';
import { rotate } from '../../../src/data/operations/affine.js';
import { colourJitter } from '../../../src/data/operations/colour.js';
import { stream } from '../../../src/util/random.js';
import { randomPixels } from '../helpers.js';

const INPUT = { height: 8, width: 8, mean: [0.5, 0.25, 1] };
const STATISTICS = { mean: [0, 0, 0], std: [1, 1, 1] };

describe('augment', () => {
  it('pad-and-crop and flip move the pixels as plain loops do', () => {
    const image = randomPixels(8, 8, 3);
    const settings: Augmentation = { randomResizedCrop: null, padCrop: 2, flip: true, rotation: 0 };
    for (let seed = 0; seed < 20; seed++) {
      const random = stream(seed);
      const [dy, dx] = [random.below(5) - 2, random.below(5) - 2];
      const mirrored = random.uniform() < 0.5;
      const expected: number[] = [];
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) {
          const [fromY, fromX] = [y + dy, (mirrored ? 7 - x : x) + dx];
          const inside = fromY >= 0 && fromY < 8 && fromX >= 0 && fromX < 8;
          for (let c = 0; c < 3; c++) expected.push(inside ? (image.data[(fromY * 8 + fromX) * 3 + c] as number) : 0);
        }
      }
      expect([...augment(image, settings, INPUT, stream(seed)).data]).toEqual(expected);
    }
  });

  it('random resized crop gives the input size, and the whole image when it takes all of it', () => {
    const image = randomPixels(30, 30, 3);
    const whole = { scale: [1, 1] as const, ratio: [1, 1] as const };
    const settings: Augmentation = { randomResizedCrop: whole, padCrop: 0, flip: false, rotation: 0 };
    expect(augment(image, settings, INPUT, stream(1)).data).toEqual(resize(image, INPUT).data);
    const random = augment(image, { ...settings, randomResizedCrop: RANDOM_RESIZED_CROP }, INPUT, stream(1));
    expect([random.height, random.width]).toEqual([8, 8]);
  });

  it('turns by an angle within the range, after all else', () => {
    const image = randomPixels(8, 8, 3);
    const settings: Augmentation = { randomResizedCrop: null, padCrop: 1, flip: false, rotation: 30 };
    const cropped = augment(image, { ...settings, rotation: 0 }, INPUT, stream(2));
    const random = stream(2);
    paddedBox(image, 1, random);
    const angle = 30 * (2 * random.uniform() - 1);
    expect(augment(image, settings, INPUT, stream(2))).toEqual(rotate(cropped, angle));
  });

  it('jitters colours, applies a policy and erases after crops and flips, in this order', () => {
    const image = randomPixels(8, 8, 3);
    const crops: Augmentation = { randomResizedCrop: null, padCrop: 2, flip: true, rotation: 5 };
    const colorJitter = { brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1 };
    const policy = { operations: 2, magnitude: 9 };
    for (let seed = 0; seed < 20; seed++) {
      const random = stream(seed);
      const cropped = augment(image, crops, INPUT, random);
      const jittered = colourJitter(cropped, colorJitter, random);
      const changed = randAugment(jittered, policy, random);
      const expected = randomErasing(trivialAugment(changed, random), 0.5, INPUT.mean, random);
      const all = { ...crops, colorJitter, randAugment: policy, trivialAugment: true, randomErasing: 0.5 };
      expect(augment(image, all, INPUT, stream(seed))).toEqual(expected);
    }
  });

  it('does nothing when nothing is asked for', () => {
    const image = randomPixels(8, 8, 3);
    expect(augment(image, { randomResizedCrop: null, padCrop: 0, flip: false, rotation: 0 }, INPUT, stream(1))).toBe(
      image,
    );
  });
});

describe('what is kept between epochs', () => {
  const cropped: Augmentation = { randomResizedCrop: RANDOM_RESIZED_CROP, padCrop: 0, flip: true, rotation: 0 };
  const preprocessing = preprocessingFor({ channels: 3 }, STATISTICS, INPUT);

  it('for random resized crop: the image, covering at most twice the input', () => {
    const large = keepForTraining(randomPixels(64, 48, 3), cropped, preprocessing);
    expect([large.height, large.width]).toEqual([21, 16]);
    const small = randomPixels(15, 20, 3);
    expect(keepForTraining(small, cropped, preprocessing)).toBe(small);
  });

  it('else the image as at evaluation', () => {
    const image = randomPixels(64, 48, 3);
    const plain: Augmentation = { randomResizedCrop: null, padCrop: 1, flip: true, rotation: 0 };
    expect(keepForTraining(image, plain, preprocessing)).toEqual(fitImage(image, preprocessing));
  });
});

describe('defaultAugmentation', () => {
  const small = { height: 32, width: 32 };

  it('pads by 4 and flips CIFAR, and does not flip digits', () => {
    const cifar = defaultAugmentation({ kind: 'cifar-10', size: small }, small);
    expect(cifar).toEqual({ randomResizedCrop: null, padCrop: 4, flip: true, rotation: 0 });
    expect(defaultAugmentation({ kind: 'idx', size: small }, small).flip).toBe(false);
  });

  it('crops photographs', () => {
    const photographs = defaultAugmentation({ kind: 'folder' }, { height: 224, width: 224 });
    expect(photographs).toEqual({ randomResizedCrop: RANDOM_RESIZED_CROP, padCrop: 0, flip: true, rotation: 0 });
  });
});
