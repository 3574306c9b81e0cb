/** A tensor as a profile tells of it. */
export interface ProfiledTensor {
  readonly type: string;
  readonly dims: readonly number[];
}

/** One run of one node. */
export interface NodeEvent {
  readonly name: string;
  readonly op: string;
  readonly ms: number;
  readonly inputs: readonly ProfiledTensor[];
  readonly outputs: readonly ProfiledTensor[];
}

interface RawEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Record<string, number[]>[];
    readonly output_type_shape?: readonly Record<string, number[]>[];
  };
}

const KERNEL = '_kernel_time';

/** The node events of a profile's last `runs` runs. ONNX Runtime writes an array of trace events. */
export function readProfile(text: string, runs: number): NodeEvent[] {
  const events = JSON.parse(text) as readonly RawEvent[];
  const starts = events.filter(({ name }) => name === 'model_run').map(({ ts }) => ts);
  const from = starts.sort((a, b) => a - b).at(-runs) ?? 0;
  return events.filter(({ cat, name, ts }) => cat === 'Node' && name.endsWith(KERNEL) && ts >= from).map(toNodeEvent);
}

function toNodeEvent({ name, dur, args }: RawEvent): NodeEvent {
  return {
    name: name.slice(0, -KERNEL.length),
    op: args?.op_name ?? 'unknown',
    ms: dur / 1e3,
    inputs: (args?.input_type_shape ?? []).flatMap(toTensor),
    outputs: (args?.output_type_shape ?? []).flatMap(toTensor),
  };
}

function toTensor(entry: Record<string, number[]>): ProfiledTensor[] {
  return Object.entries(entry).map(([type, dims]) => ({ type, dims }));
}
