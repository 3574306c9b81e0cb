import type { Graph } from '../graph/graph.js';
import type { Target } from '../lower/target.js';
import type * as ort from './onnxruntime.js';

/** Names of chosen forms by the key of their computation. */
export type Chosen = Readonly<Record<string, string>>;

/** How the lowering of a graph for a device is chosen. */
export interface TargetOptions {
  readonly threads?: number | undefined;
  /** Whether to time the forms of this graph's computations that haven't been timed on this machine. */
  readonly tune: boolean;
  /** Forms to use, as they were chosen before: a run that goes on keeps its own, and with them its numbers. */
  readonly forms?: Chosen | undefined;
  /** Called before the first timing, if there is any. */
  readonly onTune?: (() => void) | undefined;
}

/** The lowering of a graph for a device, and how it came about. */
export interface ChosenTarget {
  readonly target: Target;
  /** What the tuner chose. */
  readonly forms: Chosen;
  /** What the user should know about it. */
  readonly note?: string;
}

/** Variables of a process, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How a device rounds the operands of products. */
export interface Rounding {
  /** Bits of a number's mantissa that are kept, the implicit one not counted: float32 has 23. */
  readonly bits: number;
  /** What the user should know of it: a sentence. */
  readonly note: string;
}

/** All that sets one kind of device apart from another. */
export interface DeviceKind {
  /** As ONNX Runtime names its execution provider. */
  readonly name: string;
  /** Whether a machine may have several, `cuda:0` and `cuda:1`. */
  readonly numbered: boolean;
  /** Whether it is another device than the CPU, which lacks kernels for some operators. */
  readonly isGpu: boolean;
  /** What a session on the device is opened with: just the execution provider that was asked for. */
  provider(index: number): ort.InferenceSession.ExecutionProviderConfig;
  /** How a user gets it. */
  readonly howToGet: string;
  /** How it rounds under an environment, where that is otherwise than float32 does. */
  rounding?(env: Environment): Rounding;
  /** Where a step's state stays from run to run: in buffers of the host that are written in turn, or in the device's. */
  readonly state: 'host' | 'device';
  /**
   * Whether a step that is run in two halves keeps what the first has made for the second, or makes it again: what is kept leaves the
   * session between the two.
   */
  readonly keepsActivations: boolean;
  /** The lowering for one graph, with the fastest forms where they are known or may be timed. */
  chooseTarget(graph: Graph, device: Device, options: TargetOptions): Promise<ChosenTarget>;
  /** Whether ONNX Runtime's own graph passes are run over a graph of this lowering. */
  hasGraphPasses(target: Target): boolean;
}

/** Where a graph runs. */
export interface Device {
  readonly kind: DeviceKind;
  /** Which of several. */
  readonly index: number;
  /** Whether the CPU may compute what a GPU has no kernel for (it may not). */
  readonly allowFallback?: boolean | undefined;
}

/** `cpu`, `cuda:0`, `webgpu`. */
export function formatDevice({ kind, index }: Device): string {
  return kind.numbered ? `${kind.name}:${index}` : kind.name;
}
