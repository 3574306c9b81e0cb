import { describe, expect, it } from 'vitest';
import { DEVICES, formatDevice, parseDevice } from '../../src/runtime/device.js';
import { AgonError } from '../../src/util/error.js';

describe('a device', () => {
  it.each([
    ['cpu', 'cpu', 0, 'cpu'],
    ['cuda', 'cuda', 0, 'cuda:0'],
    ['cuda:0', 'cuda', 0, 'cuda:0'],
    ['cuda:12', 'cuda', 12, 'cuda:12'],
    ['webgpu', 'webgpu', 0, 'webgpu'],
    [' CUDA:1 ', 'cuda', 1, 'cuda:1'],
  ] as const)('"%s" is %s %i', (text, kind, index, formatted) => {
    expect(parseDevice(text)).toEqual({ kind: DEVICES[kind], index });
    expect(formatDevice(parseDevice(text))).toBe(formatted);
  });

  it('is called as in the table of all', () => {
    for (const [key, kind] of Object.entries(DEVICES)) {
      expect(kind.name).toBe(key);
      expect(parseDevice(key)).toEqual({ kind, index: 0 });
    }
  });

  it.each(['', 'gpu', 'cpu:1', 'webgpu:0', 'cuda:', 'cuda:x', 'cuda:-1', 'cuda 1'])('"%s" is none', (text) => {
    expect(() => parseDevice(text)).toThrow(AgonError);
    expect(() => parseDevice(text)).toThrow(`device: unknown: expected cpu, cuda, cuda:<n> or webgpu, got "${text}"`);
  });
});
