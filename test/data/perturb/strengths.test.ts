import { describe, expect, it } from 'vitest';
import { POOLS } from '../../../src/data/perturb/pools.js';
import { STRENGTHS } from '../../../src/data/perturb/strengths.js';

describe('strengths', () => {
  it('are told of every operation of both pools', () => {
    for (const pool of ['paper', 'release'] as const)
      expect(Object.keys(STRENGTHS[pool])).toEqual(Object.keys(POOLS[pool]));
  });

  it('are those of the sources, or said to be assumed', () => {
    const { paper, release } = STRENGTHS;
    expect(paper['random-resized-crop']).toEqual({
      strength: 'area 0.3 to 0.7, ratio 0.75 to 1.33',
      source: 'paper; ratio assumed',
    });
    expect(paper.noise).toEqual({
      strength: 'N(0, 0.1\u00b2) on samples in [0, 1], cut off there',
      source: 'paper; strength assumed',
    });
    expect(paper.warp?.strength).toBe(
      'affine (±20°, shift ±0.15, scale ±0.25, shear ±15°) or elastic (±1.21 smoothed over 0.14 of the side)',
    );
    expect(release['colour-jitter-blur']?.strength).toBe(
      'brightness ±0.25, contrast ±0.15, saturation ±0.15, hue ±0.15; blur 9x7, sigma 0.1 to 2',
    );
    expect(release.rotation).toEqual({ strength: '±30°', source: 'released code' });
  });
});
