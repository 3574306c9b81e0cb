import type { Tensor } from '../onnx/tensor.js';
import { AgonError, fail, messageOf, present } from '../util/error.js';
import { type Device, formatDevice } from './device-kind.js';
import * as ort from './onnxruntime.js';
import { formatPlaced, placementOf } from './process/placement.js';
import { type SessionOptions, sessionOptions } from './session-options.js';

export type { SessionOptions } from './session-options.js';

/** Tensors by the names of a graph's inputs. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** An ONNX model that is open on a device. */
export class Session {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /**
   * A device that isn't there is an error that says how to get it; a graph with nodes that it can't compute is one that names them,
   * unless the device allows the CPU for these.
   */
  static async open(model: Uint8Array, options: SessionOptions): Promise<Session> {
    const { device } = options;
    checkDevice(device);
    try {
      return new Session(await ort.InferenceSession.create(model, sessionOptions(options)));
    } catch (error) {
      if (/fallback to CPU EP has been explicitly disabled/.test(messageOf(error))) return failFallback(model, options);
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

/** Throws the error of a graph with nodes that the device has no kernel for. */
async function failFallback(model: Uint8Array, { device, graphPasses }: SessionOptions): Promise<never> {
  const where = `device ${formatDevice(device)}`;
  const { onCpu } = await placementOf({ model, device: formatDevice(device), graphPasses });
  return fail(where, `it can't compute ${onCpu.length} of the graph's nodes: ${formatPlaced(onCpu)}`, {
    hint: 'Use --device cpu; or let the CPU compute these, with copies in every run: --allow-fallback',
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

function isGraphError(error: unknown): boolean {
  return /INVALID_GRAPH|NOT_IMPLEMENTED|ShapeInferenceError|TypeInferenceError|protobuf/i.test(messageOf(error));
}
