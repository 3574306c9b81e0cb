import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  MAGNITUDES,
  policyOperations,
  randAugmentRanges,
  TRIVIAL_AUGMENT_WIDE,
} from '../../../src/data/augment/magnitudes.js';
import type { Pixels } from '../../../src/data/dataset/dataset.js';
import { adjustHue } from '../../../src/data/operations/colour.js';
import { erase } from '../../../src/data/operations/erase.js';
import { invert } from '../../../src/data/operations/tone.js';

interface Case {
  readonly channels: 1 | 3;
  readonly operation: string;
  readonly magnitude: number;
  readonly pillow: string;
  readonly tensor: string;
}

interface Fixture {
  readonly height: number;
  readonly width: number;
  readonly images: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
  readonly spaces: Readonly<
    Record<'randAugment' | 'trivialAugmentWide', Readonly<Record<string, { magnitudes: number[]; signed: boolean }>>>
  >;
}

/** By `generate.py` beside it. */
const FIXTURE = JSON.parse(
  readFileSync(new URL('../../fixtures/torchvision/operations.json', import.meta.url), 'utf8'),
) as Fixture;

const { height, width, images, cases, spaces } = FIXTURE;
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
const imageOf = (channels: 1 | 3): Pixels => ({ data: bytes(images[channels] as string), height, width, channels });

const BOX = { top: 4, left: 7, height: 9, width: 6 };

function applied({ channels, operation, magnitude }: Case): Uint8Array {
  const image = imageOf(channels);
  if (operation === 'Hue') return adjustHue(image, magnitude).data;
  if (operation === 'Invert') return invert(image).data;
  if (operation === 'Erase') return erase(image, BOX, [0, 0, 0]).data;
  const found = policyOperations(TRIVIAL_AUGMENT_WIDE).find(({ name }) => name === operation);
  if (!found) throw new Error(`no operation ${operation}`);
  return found.apply(image, magnitude).data;
}

/**
 * The largest difference of a sample: one level where torchvision rounds in between (grey before it is blended, factors to float32), by
 * which its results for Pillow images and for tensors differ too; none for what moves pixels or looks them up.
 */
const LEVELS: Readonly<Record<string, number>> = {
  ...{ Brightness: 1, Color: 1, Contrast: 1, Sharpness: 1 },
  ...{ AutoContrast: 1, Hue: 1 },
};
/** The share of pixels of a shear or rotation that come from so near the middle between two that rounding decides. */
const MOVED = 0.01;

describe('8-bit operations are those of torchvision 0.14', () => {
  it.each(cases)('$operation $magnitude, $channels channels', (each) => {
    const { operation, channels } = each;
    const got = applied(each);
    const levels = LEVELS[operation] ?? 0;
    for (const kind of ['tensor', 'pillow'] as const) {
      // Pillow's hue has 8 bits itself
      if (operation === 'Hue' && kind === 'pillow') continue;
      const expected = bytes(each[kind]);
      const wrong = expected.filter((sample, i) => Math.abs(sample - (got[i] as number)) > levels).length;
      const free = /Shear|Rotate/.test(operation) ? MOVED : 0;
      expect(wrong, kind).toBeLessThanOrEqual(free * height * width * channels);
    }
  });
});

describe('strengths are those of torchvision 0.14', () => {
  it.each([
    ['randAugment', randAugmentRanges({ height: 224, width: 192 })],
    ['trivialAugmentWide', TRIVIAL_AUGMENT_WIDE],
  ] as const)('%s', (name, ranges) => {
    const space = spaces[name];
    const operations = policyOperations(ranges);
    expect(operations.map((each) => each.name)).toEqual(Object.keys(space));
    for (const { name: operation, magnitudes = [0], signed } of operations) {
      const expected = space[operation];
      expect([operation, signed, magnitudes.length]).toEqual([
        operation,
        expected?.signed,
        expected?.magnitudes.length ?? MAGNITUDES,
      ]);
      // torchvision's are float32
      for (const [i, magnitude] of magnitudes.entries()) {
        expect(Math.abs(magnitude - (expected?.magnitudes[i] as number))).toBeLessThan(2e-5);
      }
    }
  });
});
