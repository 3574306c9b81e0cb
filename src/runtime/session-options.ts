import type { Device } from './device-kind.js';
import type * as ort from './onnxruntime.js';

/** Where a model is opened, and how. */
export interface SessionOptions {
  readonly device: Device;
  /** Threads of one operator; ONNX Runtime's own choice (the physical cores) when left out. */
  readonly threads?: number | undefined;
  /** Whether ONNX Runtime runs its own passes over the graph (it does). */
  readonly graphPasses?: boolean;
  /** Names of the outputs that stay on the device. */
  readonly onDevice?: readonly string[];
  /** Whether other sessions run between its runs: its threads then wait for the next run without taking the processor from these. */
  readonly takesTurns?: boolean;
}

/** The same in ONNX Runtime's words. */
export function sessionOptions({
  device: { kind, index, allowFallback = false },
  threads,
  graphPasses,
  onDevice,
  takesTurns = false,
}: SessionOptions): ort.InferenceSession.SessionOptions {
  const refuses = kind.isGpu && !allowFallback;
  const extra = {
    // Opening fails where a node would be on the CPU, in place of copies in each run that nobody sees
    ...(refuses && { disable_cpu_ep_fallback: '1' }),
    ...(takesTurns && { force_spinning_stop: '1' }),
  };
  const location = Object.fromEntries((onDevice ?? []).map((name) => [name, 'gpu-buffer' as const]));
  return {
    executionProviders: [kind.provider(index)],
    // The pattern of a first run holds the peak of all runs: without it, memory halves at the same speed.
    enableMemPattern: false,
    // What it refuses it also throws
    logSeverityLevel: refuses ? 4 : 3,
    ...(graphPasses === false && { graphOptimizationLevel: 'disabled' as const }),
    ...(threads && { intraOpNumThreads: threads }),
    ...(onDevice && onDevice.length > 0 && { preferredOutputLocation: location }),
    ...(Object.keys(extra).length > 0 && { extra: { session: extra } }),
  };
}
