import type { Pixels, Size } from '../dataset/dataset.js';
import { crop } from '../image/crop.js';
import { rotate, shearX, shearY } from '../operations/affine.js';
import { adjustBrightness, adjustContrast, adjustSaturation } from '../operations/colour.js';
import { adjustSharpness } from '../operations/sharpness.js';
import { autocontrast, equalize, posterize, solarize } from '../operations/tone.js';

/** Strengths that each operation has, from the weakest to the strongest, as torchvision has them. */
export const MAGNITUDES = 31;

/** An operation of RandAugment and TrivialAugment, under torchvision's name. */
export interface PolicyOperation {
  readonly name: string;
  /** Of each bin; absent where the operation has no strength. */
  readonly magnitudes?: readonly number[];
  /** Whether its opposite is as likely. */
  readonly signed: boolean;
  readonly apply: (image: Pixels, magnitude: number) => Pixels;
}

/** Greatest strengths, and the fewest bits that are kept. */
export interface PolicyRanges {
  readonly shear: number;
  /** Pixels along y and x. */
  readonly translation: Size;
  /** Degrees. */
  readonly rotation: number;
  /** Of brightness, colour, contrast and sharpness: factors 1 - x to 1 + x. */
  readonly enhancement: number;
  readonly bits: number;
}

/** RandAugment's (Cubuk et al. 2020), by an image's size. */
export function randAugmentRanges({ height, width }: Size): PolicyRanges {
  const share = 150 / 331;
  return {
    shear: 0.3,
    translation: { height: share * height, width: share * width },
    rotation: 30,
    enhancement: 0.9,
    bits: 4,
  };
}

/** TrivialAugment's with the wide ranges (Müller and Hutter 2021). */
export const TRIVIAL_AUGMENT_WIDE: PolicyRanges = {
  shear: 0.99,
  translation: { height: 32, width: 32 },
  rotation: 135,
  enhancement: 0.99,
  bits: 2,
};

/** The fourteen operations of torchvision's RandAugment and TrivialAugmentWide, in its order. */
export function policyOperations(ranges: PolicyRanges): readonly PolicyOperation[] {
  const { shear, translation, rotation, enhancement, bits } = ranges;
  const signed = (name: string, most: number, apply: PolicyOperation['apply']) => {
    return { name, magnitudes: bins((share) => share * most), signed: true, apply };
  };
  const enhance = (name: string, adjust: (image: Pixels, factor: number) => Pixels) =>
    signed(name, enhancement, (image, magnitude) => adjust(image, 1 + magnitude));
  return [
    { name: 'Identity', signed: false, apply: (image) => image },
    signed('ShearX', shear, shearX),
    signed('ShearY', shear, shearY),
    signed('TranslateX', translation.width, (image, magnitude) => translate(image, 0, Math.trunc(magnitude))),
    signed('TranslateY', translation.height, (image, magnitude) => translate(image, Math.trunc(magnitude), 0)),
    signed('Rotate', rotation, rotate),
    enhance('Brightness', adjustBrightness),
    enhance('Color', adjustSaturation),
    enhance('Contrast', adjustContrast),
    enhance('Sharpness', adjustSharpness),
    {
      name: 'Posterize',
      magnitudes: bins((share) => 8 - Math.round(share * (8 - bits))),
      signed: false,
      apply: posterize,
    },
    { name: 'Solarize', magnitudes: bins((share) => 255 * (1 - share)), signed: false, apply: solarize },
    { name: 'AutoContrast', signed: false, apply: autocontrast },
    { name: 'Equalize', signed: false, apply: equalize },
  ];
}

/** Moves an image down and right by whole pixels; black comes in. */
function translate(image: Pixels, down: number, right: number): Pixels {
  const { height, width } = image;
  return crop(image, { top: -down, left: -right, height, width });
}

/** One number for each share from 0 to 1. */
function bins(of: (share: number) => number): number[] {
  return Array.from({ length: MAGNITUDES }, (_, i) => of(i / (MAGNITUDES - 1)));
}
