import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatLoss,
  formatPercent,
  formatRate,
  printable,
  shorten,
} from '../../src/report/format.js';
import { labelNetworks } from '../../src/report/labels.js';

describe('numbers', () => {
  it.each([
    [11_689_512, '11.7 M'],
    [278_324, '278 k'],
    [999_950, '1.00 M'],
    [1_814_073_344, '1.81 G'],
    [42, '42'],
    [999, '999'],
    [0, '0'],
    [Number.NaN, '-'],
  ])('%d is %s', (n, text) => {
    expect(formatCompact(n)).toBe(text);
  });

  it.each([
    [0.1234, '0.1234'],
    [12.3456, '12.346'],
    [1234.56, '1234.6'],
    [1e9, '1.0e+9'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('a loss of %d is %s', (loss, text) => {
    expect(formatLoss(loss)).toBe(text);
  });

  it('has a dash for what is unknown', () => {
    expect([formatPercent(Number.NaN), formatRate(Number.NaN), formatCount(Number.NaN)]).toEqual(['-', '-', '-']);
    expect([
      formatPercent(0.4567),
      formatRate(7.26),
      formatRate(1234.5),
      formatBytes(322_370),
      formatBytes(12),
    ]).toEqual(['45.7 %', '7.3', '1,235', '322 kB', '12 B']);
  });

  it.each([
    [0, '0:00'],
    [59.6, '1:00'],
    [723, '12:03'],
    [11_122, '3:05:22'],
    [183_900, '2 d 03:05'],
    [Number.NaN, '-:--'],
    [-1, '-:--'],
    [Number.POSITIVE_INFINITY, '-:--'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('texts', () => {
  it('are cut in the middle, by characters', () => {
    expect(shorten('mobilenet_v3_large_cifar', 18)).toBe('mobilenet…ge_cifar');
    expect(shorten('short', 5)).toBe('short');
    expect([...shorten('🐝🐜🐝🐜🐝', 3)]).toHaveLength(3);
  });

  it("can't move a terminal's cursor", () => {
    expect(printable('a\x1b[2Jb\nc\u009bd')).toBe('a?[2Jb?c?d');
  });

  it('tell networks of one name apart by their index', () => {
    const networks = ['resnet8', 'wrn_16_2', 'resnet8'].map((name, index) => ({ name, index }));
    expect(labelNetworks(networks)).toEqual(['resnet8 #0', 'wrn_16_2', 'resnet8 #2']);
  });
});
