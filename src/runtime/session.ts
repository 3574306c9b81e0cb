import type { Tensor } from '../onnx/tensor.js';
import { AgonError, fail, messageOf, present } from '../util/error.js';
import { type Device, formatDevice } from './device-kind.js';
import * as ort from './onnxruntime.js';

/** Tensors by the names of a graph's inputs. */
export type Feeds = Readonly<Record<string, Tensor>>;

export interface SessionOptions {
  readonly device: Device;
  /** Threads of one operator; ONNX Runtime's own choice (the physical cores) when left out. */
  readonly threads?: number | undefined;
  /** Whether ONNX Runtime runs its own passes over the graph (it does). */
  readonly graphPasses?: boolean;
  /** Names of the outputs that stay on the device. */
  readonly onDevice?: readonly string[];
}

/** An ONNX model that is open on a device. */
export class Session {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** A device that isn't there is an error that says how to get it. */
  static async open(model: Uint8Array, options: SessionOptions): Promise<Session> {
    const { device } = options;
    checkDevice(device);
    try {
      return new Session(await ort.InferenceSession.create(model, sessionOptions(options)));
    } catch (error) {
      if (device.kind.name !== 'cpu' && !isGraphError(error)) failDevice(device, error);
      return fail('session', `ONNX Runtime refuses the model: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Runs the graph on tensors in the host's memory; returns the outputs of these names. */
  async run(feeds: Feeds, outputs: readonly string[]): Promise<Map<string, Tensor>> {
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toOrt(value)]));
    const results = await this.runHeld(inputs, Object.fromEntries(outputs.map((name) => [name, null])));
    return new Map(outputs.map((name) => [name, fromOrt(present(results[name], name))]));
  }

  /** Runs the graph on ONNX Runtime's own tensors, which may be on the device. What it throws becomes an error that says where. */
  async runHeld(
    feeds: ort.InferenceSession.FeedsType,
    fetches: ort.InferenceSession.FetchesType,
  ): Promise<ort.InferenceSession.ReturnType> {
    try {
      return await this.#session.run(feeds, fetches);
    } catch (error) {
      throw error instanceof AgonError
        ? error
        : new AgonError('session', `a run failed: ${messageOf(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

/** Fails when this build of ONNX Runtime has no such execution provider. */
export function checkDevice(device: Device): void {
  const built = ort.listSupportedBackends().some(({ name }) => name === device.kind.name);
  if (!built) failDevice(device, 'this build of onnxruntime-node has no such execution provider');
}

/** Throws the error of a device that can't be used, saying how to get it. */
function failDevice(device: Device, reason: unknown): never {
  return fail(`device ${formatDevice(device)}`, `can't be used: ${messageOf(reason).split('\n')[0]}`, {
    hint: `${device.kind.howToGet}. Or use --device cpu`,
    cause: reason,
  });
}

/** A tensor for ONNX Runtime over the same memory. */
export function toOrt({ dtype, data, dims }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype as 'float32', data as Float32Array, dims);
}

/** A tensor that ONNX Runtime made on the CPU, over the same memory. */
export function fromOrt(value: ort.Tensor): Tensor {
  return { dtype: value.type as Tensor['dtype'], dims: value.dims, data: value.data as Tensor['data'] };
}

function sessionOptions({
  device,
  threads,
  graphPasses,
  onDevice,
}: SessionOptions): ort.InferenceSession.SessionOptions {
  const location = Object.fromEntries((onDevice ?? []).map((name) => [name, 'gpu-buffer' as const]));
  return {
    executionProviders: [device.kind.provider(device.index)],
    // The pattern of a first run holds the peak of all runs: without it, memory halves at the same speed.
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(graphPasses === false && { graphOptimizationLevel: 'disabled' as const }),
    ...(threads && { intraOpNumThreads: threads }),
    ...(onDevice && onDevice.length > 0 && { preferredOutputLocation: location }),
  };
}

function isGraphError(error: unknown): boolean {
  return /INVALID_GRAPH|NOT_IMPLEMENTED|ShapeInferenceError|TypeInferenceError|protobuf/i.test(messageOf(error));
}
