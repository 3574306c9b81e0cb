import { fail } from '../util/error.js';

/** Where a graph runs. */
export interface Device {
  readonly kind: 'cpu' | 'cuda' | 'webgpu';
  /** Which CUDA device. */
  readonly index: number;
}

/** What names a device, before a number. */
export const DEVICE_NAMES = 'cpu, cuda, cuda:<n> or webgpu';
export const DEVICE_PATTERN = /^\s*(?:(cpu|webgpu)|(cuda)(?::(\d+))?)\s*$/i;

/** Reads `cpu`, `cuda`, `cuda:1` or `webgpu`. */
export function parseDevice(text: string): Device {
  const match = DEVICE_PATTERN.exec(text);
  if (!match) fail('device', 'unknown', { expected: DEVICE_NAMES, got: `"${text}"` });
  const kind = (match[1] ?? match[2] ?? '').toLowerCase() as Device['kind'];
  return { kind, index: Number(match[3] ?? 0) };
}
