import { cpu } from '../../../src/lower/cpu/cpu.js';
import { gpu } from '../../../src/lower/gpu/gpu.js';
import { portable } from '../../../src/lower/portable/portable.js';
import type { Target } from '../../../src/lower/target.js';
import { blockSize } from '../../../src/runtime/block-size.js';
import { CPU, type Device, parseDevice } from '../../../src/runtime/device.js';

/** A lowering on a device. */
export interface Place {
  readonly device: Device;
  readonly target: Target;
}

/** What the others are held against. */
export const EXPECTED: Place = { device: CPU, target: portable };

/** Where the tests of devices run, beside that; undefined where this machine has no such place. */
export const PLACES = {
  'the vectors of the CPU': async () => ({ device: CPU, target: { ...portable, flatState: true } }),
  'the blocked layout of the CPU': async () => {
    const block = await blockSize(CPU);
    return block === undefined ? undefined : { device: CPU, target: cpu(block) };
  },
  "WebGPU's lowering on the CPU": async () => ({ device: CPU, target: gpu }),
  webgpu: async () => ({ device: parseDevice('webgpu'), target: gpu }),
} as const satisfies Readonly<Record<string, () => Promise<Place | undefined>>>;

export type PlaceName = keyof typeof PLACES;
export const PLACE_NAMES = Object.keys(PLACES) as readonly PlaceName[];
