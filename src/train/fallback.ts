import type { Emit } from '../events/events.js';
import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { encodeModel } from '../onnx/file.js';
import { type Device, formatDevice } from '../runtime/device-kind.js';
import { formatPlaced, type Placement, placementOf } from '../runtime/process/placement.js';

/** Says what of a step the CPU computes in place of a GPU that has no kernel for it, and what is copied between the two for that. */
export async function tellFallback(lowered: Graph, device: Device, graphPasses: boolean, emit: Emit): Promise<void> {
  const name = formatDevice(device);
  const placement = await placementOf({ model: encodeModel(toModel(lowered)), device: name, graphPasses });
  const message = `device ${name}: ${describeFallback(placement)}`;
  emit({ type: placement.onCpu.length > 0 ? 'warning' : 'note', message });
}

/** `the CPU computes 2 of 90 nodes of a step: LogSoftmax (a, b); 1 tensor is copied to it and 2 back in every step` */
export function describeFallback({ onCpu, onDevice, toHost, toDevice }: Placement): string {
  const all = onCpu.length + onDevice;
  if (onCpu.length === 0) return `it computes all ${all} nodes of a step: --allow-fallback changes nothing`;
  const copied = toHost.length === 1 ? 'tensor is' : 'tensors are';
  const copies = `${toHost.length} ${copied} copied to it and ${toDevice.length} back in every step`;
  return `the CPU computes ${onCpu.length} of ${all} nodes of a step: ${formatPlaced(onCpu)}; ${copies}`;
}
