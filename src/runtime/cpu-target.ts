import type { Graph } from '../graph/graph.js';
import { cpu } from '../lower/cpu/cpu.js';
import { portable } from '../lower/portable/portable.js';
import { blockSize } from './block-size.js';
import { type ChosenTarget, type Device, formatDevice, type TargetOptions } from './device-kind.js';
import { choosing, tune } from './tuner.js';

/** The blocked lowering where ONNX Runtime has it on this processor, else the portable one. */
export async function chooseCpuTarget(graph: Graph, device: Device, options: TargetOptions): Promise<ChosenTarget> {
  const block = await blockSize(device);
  if (block === undefined) {
    const note = `${formatDevice(device)}: this ONNX Runtime has no channel-blocked layout on this processor; the portable form is slower`;
    return { target: portable, forms: {}, note };
  }
  const forms = options.forms ?? (options.tune ? await tune(graph, { block, device, ...options }) : {});
  return { target: cpu(block, choosing(forms)), forms };
}
