import type { Graph } from '../graph/graph.js';
import { cpu } from '../lower/cpu.js';
import { portable } from '../lower/portable.js';
import type { Target } from '../lower/target.js';
import { blockSize } from './block-size.js';
import { type Device, formatDevice } from './device.js';
import { type Chosen, choosing, tune } from './tuner.js';

/** The lowering for a device: the portable one, until it has one of its own; on the CPU the blocked one where it runs. */
export async function targetFor({ kind }: Device): Promise<Target> {
  const block = kind === 'cpu' ? await blockSize() : undefined;
  return block === undefined ? portable : cpu(block);
}

export interface TargetOptions {
  readonly device: Device;
  readonly threads: number | undefined;
  /** Whether to time the forms of this graph's computations that haven't been timed on this machine. */
  readonly tune: boolean;
  /** Forms to use, as they were chosen before: a run that goes on keeps its own, and with them its numbers. */
  readonly forms?: Chosen | undefined;
  readonly onTune?: () => void;
}

export interface ChosenTarget {
  readonly target: Target;
  /** What the tuner chose. */
  readonly forms: Chosen;
  /** What the user should know about it. */
  readonly note?: string;
}

/** The lowering for one graph, with the fastest forms where they are known or may be timed. */
export async function chooseTarget(graph: Graph, options: TargetOptions): Promise<ChosenTarget> {
  const { device, threads, onTune } = options;
  if (device.kind !== 'cpu') return { target: portable, forms: {} };
  const block = await blockSize();
  if (block === undefined) {
    const note = `${formatDevice(device)}: this ONNX Runtime has no channel-blocked layout on this processor; the portable form is slower`;
    return { target: portable, forms: {}, note };
  }
  const forms = options.forms ?? (options.tune ? await tune(graph, { block, threads, onStart: onTune }) : {});
  return { target: cpu(block, choosing(forms)), forms };
}
