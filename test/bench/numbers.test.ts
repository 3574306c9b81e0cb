import { describe, expect, it } from 'vitest';
import { fileStem } from '../../scripts/bench/machine.js';
import { growth, median, percent } from '../../scripts/bench/numbers.js';
import { compare, type Round } from '../../scripts/bench/versus.js';

describe('numbers', () => {
  it('have a median', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 2, 4, 100])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });

  it('grow with a power', () => {
    expect(growth([1, 2, 5].map((x) => ({ x, y: 3 * x ** 1.5 })))).toBeCloseTo(1.5);
  });

  it('print as shares', () => {
    expect([0.0123, 0.5, 1.2].map(percent)).toEqual(['1.2 %', '50 %', '120 %']);
  });
});

describe('result files', () => {
  it.each([
    ['AMD EPYC 7763 64-Core Processor', '2026-01-31-amd-epyc-7763-4-cores'],
    ['Intel(R) Xeon(R) CPU @ 2.20GHz', '2026-01-31-intel-xeon-4-cores'],
    ['', '2026-01-31-unknown-4-cores'],
  ])('are called after %s', (cpu, stem) => {
    expect(fileStem({ cpu, cores: 4, date: '2026-01-31' })).toBe(stem);
  });
});

describe('comparison', () => {
  const round = (ours: number, nchw: number, nhwc: number): Round => {
    const line = { engine: '', nets: '', batch: 1, size: 32, target: 'cpu', threads: 2, images_per_s: 0 };
    const torch = (ms: number, layout: 'nchw' | 'nhwc') => {
      return { ...line, layout, step_ms: ms, min_ms: ms, rss_mb: ms * 2 };
    };
    return {
      ours: { ...line, step_ms: ours, min_ms: ours, rss_mb: ours },
      torch: { nchw: torch(nchw, 'nchw'), nhwc: torch(nhwc, 'nhwc') },
    };
  };

  it("takes PyTorch's better layout over all rounds, and the median of ratios", () => {
    const workload = { nets: ['resnet8'], batch: 1, size: 32, classes: 100, threads: 2, device: 'cpu' };
    const rounds = [round(100, 300, 120), round(100, 90, 130), round(200, 300, 220)];
    const result = compare({ ...workload, portable: false, tune: false }, rounds);
    expect(result).toMatchObject({ layout: 'nhwc', ratios: [1.2, 1.3, 1.1], ratio: 1.2, step_ms: 100 });
    expect(result).toMatchObject({ torch_ms: { nchw: 300, nhwc: 130 }, rss_mb: 200, torch_rss_mb: 440 });
  });
});
