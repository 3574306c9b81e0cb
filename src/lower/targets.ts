import { portable } from './portable.js';
import type { Target } from './target.js';

/** The lowering for a kind of device. Each gets the portable form until it has one of its own. */
export function targetFor(_device: 'cpu' | 'cuda' | 'webgpu'): Target {
  return portable;
}
