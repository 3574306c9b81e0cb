import { cpu } from '../lower/cpu.js';
import { portable } from '../lower/portable.js';
import type { Target } from '../lower/target.js';
import { blockSize } from './block-size.js';
import type { Device } from './device.js';

/** The lowering for a device: the portable one, until it has one of its own; on the CPU the blocked one where it runs. */
export async function targetFor({ kind }: Device): Promise<Target> {
  const block = kind === 'cpu' ? await blockSize() : undefined;
  return block === undefined ? portable : cpu(block);
}
