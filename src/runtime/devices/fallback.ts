import type { Graph } from '../../graph/graph.js';
import { toModel } from '../../graph/to-model.js';
import { encodeModel } from '../../onnx/file.js';
import { type Device, formatDevice } from '../device-kind.js';
import { formatPlaced, type Placement, placementOf } from '../process/placement.js';

/** What the CPU computes in place of a device, and what is to be said of it. */
export interface Fallback extends Placement {
  readonly message: string;
}

/** What of a lowered step the CPU computes in place of a GPU that has no kernel for it, and what is copied between the two for that. */
export async function fallbackOf(lowered: Graph, device: Device, graphPasses: boolean): Promise<Fallback> {
  const name = formatDevice(device);
  const placement = await placementOf({ model: encodeModel(toModel(lowered)), device: name, graphPasses });
  return { ...placement, message: `device ${name}: ${describeFallback(placement)}` };
}

/** `the CPU computes 2 of 90 nodes of a step: LogSoftmax (a, b); 1 tensor is copied to it and 2 back in every step` */
export function describeFallback({ onCpu, onDevice, toHost, toDevice }: Placement): string {
  const all = onCpu.length + onDevice;
  if (onCpu.length === 0) return `it computes all ${all} nodes of a step: --allow-fallback changes nothing`;
  const copied = toHost.length === 1 ? 'tensor is' : 'tensors are';
  const copies = `${toHost.length} ${copied} copied to it and ${toDevice.length} back in every step`;
  return `the CPU computes ${onCpu.length} of ${all} nodes of a step: ${formatPlaced(onCpu)}; ${copies}`;
}
