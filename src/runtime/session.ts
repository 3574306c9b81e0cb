import type { Tensor } from '../onnx/tensor.js';
import { AgonError, fail, messageOf } from '../util/error.js';
import { checkDevice, type Device, executionProviders, failDevice } from './device.js';
import * as ort from './onnxruntime.js';

export interface SessionOptions {
  readonly device: Device;
  /** Threads of one operator; ONNX Runtime's own choice (the physical cores) when left out. */
  readonly threads?: number | undefined;
  /** Whether ONNX Runtime opens the model as it is: its passes over a lowered step take seconds and make it no faster. */
  readonly asItIs?: boolean;
  /** Names of the outputs that stay on the device. */
  readonly onDevice?: readonly string[];
}

/** Opens an ONNX model; a device that isn't there is an error that says how to get it. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<ort.InferenceSession> {
  const { device } = options;
  checkDevice(device);
  try {
    return await ort.InferenceSession.create(model, sessionOptions(options));
  } catch (error) {
    if (device.kind !== 'cpu' && !isGraphError(error)) failDevice(device, error);
    return fail('session', `ONNX Runtime refuses the model: ${messageOf(error)}`, { cause: error });
  }
}

/** Runs a session; what ONNX Runtime throws becomes an error that says where. */
export async function runSession(
  session: ort.InferenceSession,
  feeds: ort.InferenceSession.FeedsType,
  fetches: ort.InferenceSession.FetchesType,
): Promise<ort.InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, fetches);
  } catch (error) {
    throw error instanceof AgonError
      ? error
      : new AgonError('session', `a run failed: ${messageOf(error)}`, { cause: error });
  }
}

/** A tensor for ONNX Runtime over the same memory. */
export function toOrt({ dtype, data, dims }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype as 'float32', data as Float32Array, dims);
}

/** A tensor that ONNX Runtime made on the CPU, over the same memory. */
export function fromOrt(value: ort.Tensor): Tensor {
  return { dtype: value.type as Tensor['dtype'], dims: value.dims, data: value.data as Tensor['data'] };
}

function sessionOptions({ device, threads, asItIs, onDevice }: SessionOptions): ort.InferenceSession.SessionOptions {
  const location = Object.fromEntries((onDevice ?? []).map((name) => [name, 'gpu-buffer' as const]));
  return {
    executionProviders: executionProviders(device),
    // The pattern of a first run holds the peak of all runs: without it, memory halves at the same speed.
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(asItIs && { graphOptimizationLevel: 'disabled' as const }),
    ...(threads && { intraOpNumThreads: threads }),
    ...(onDevice && onDevice.length > 0 && { preferredOutputLocation: location }),
  };
}

function isGraphError(error: unknown): boolean {
  return /INVALID_GRAPH|NOT_IMPLEMENTED|ShapeInferenceError|TypeInferenceError|protobuf/i.test(messageOf(error));
}
