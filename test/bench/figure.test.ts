import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawScaling } from '../../scripts/bench/scaling/figure.js';
import { logScale } from '../../scripts/bench/scaling/scale.js';
import { text } from '../../scripts/bench/scaling/svg.js';

describe('logarithmic axis', () => {
  it('gives equal ratios equal lengths and keeps inside its ends', () => {
    const { at } = logScale([10, 40, 160], 0, 100);
    expect(at(40) - at(10)).toBeCloseTo(at(160) - at(40));
    expect(at(10)).toBeGreaterThan(0);
    expect(at(160)).toBeLessThan(100);
  });

  it('has a few round ticks, however short it is', () => {
    expect(logScale([1, 1000], 0, 1).ticks).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    expect(logScale([400, 600], 0, 1).ticks).toEqual([400, 500, 700]);
    expect(logScale([5, 5], 0, 1).ticks.length).toBeGreaterThan(1);
  });
});

describe('figure of scaling', () => {
  it('is an image that a renderer takes', async () => {
    const points = [16, 64].map((x) => ({ x, gflop: x / 4, step_ms: 40 + x, rss_mb: 100 + x }));
    const series = ['batch', 'width', 'width'].map((axis, i) => ({ axis, name: `a < b & ${i}`, points }));
    const { width, height } = await sharp(Buffer.from(drawScaling(series))).metadata();
    expect([width, height]).toEqual([560, 528]);
  });

  it('escapes what is written in it', () => {
    expect(text('a < "b"', { x: 1.005 })).toBe('<text x="1">a &lt; &quot;b&quot;</text>');
  });
});
