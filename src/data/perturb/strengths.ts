import { REACH, SMOOTHING } from '../operations/elastic.js';
import { BLUR_SIGMA } from './colour-jitter-blur.js';
import { PAPER, type PerturbationPool, RELEASE } from './pools.js';

/** How strong an operation of a pool is, and who says so. */
export interface Strength {
  readonly strength: string;
  readonly source: string;
}

const MIXED = 'lambda ~ Beta(1, 1) for the batch';
const released = (strength: string): Strength => ({ strength, source: 'released code' });
const noise = (sigma: number) => `N(0, ${sigma}\u00b2) on samples in [0, 1], cut off there`;
const range = ([least, greatest]: readonly [number, number]) => `${round(least)} to ${round(greatest)}`;
const round = (x: number) => String(Number(x.toFixed(2)));

/** Of each operation of the pools, in words. */
export const STRENGTHS: Readonly<Record<PerturbationPool, Readonly<Record<string, Strength>>>> = {
  paper: {
    mixup: { strength: MIXED, source: 'paper' },
    cutmix: { strength: `${MIXED}: around the box`, source: 'paper; lambda assumed' },
    noise: { strength: noise(PAPER.noise), source: 'paper; strength assumed' },
    warp: { strength: `${describeAffine()} or ${describeElastic()}`, source: 'paper; strength assumed' },
    'random-resized-crop': {
      strength: `area ${range(PAPER.crop.scale)}, ratio ${range(PAPER.crop.ratio)}`,
      source: 'paper; ratio assumed',
    },
  },
  release: {
    mixup: released(MIXED),
    noise: released(noise(RELEASE.noise)),
    'colour-jitter-blur': released(
      `${Object.entries(RELEASE.jitter)
        .map(([name, value]) => `${name} ±${value}`)
        .join(
          ', ',
        )}; blur ${RELEASE.blur.height}x${RELEASE.blur.width}, sigma ${BLUR_SIGMA.least} to ${BLUR_SIGMA.greatest}`,
    ),
    'horizontal-flip': released('always'),
    'vertical-flip': released('always'),
    rotation: released(`±${RELEASE.rotation}°`),
  },
};

function describeAffine(): string {
  const { rotation, translation, scale, shear } = PAPER.affine;
  return `affine (±${rotation}°, shift ±${translation}, scale ±${scale}, shear ±${shear}°)`;
}

function describeElastic(): string {
  return `elastic (±${round(REACH)} smoothed over ${round(SMOOTHING)} of the side)`;
}
