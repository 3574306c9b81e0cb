import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
import type { Tensor } from '../../onnx/tensor.js';
import { AgonError, fail, messageOf, present } from '../../util/error.js';
import type { Provider } from './provider.js';
import type { Ort, WebRuntime } from './web-runtime.js';

/** Tensors by the names of a graph's inputs. */
export type Feeds = Readonly<Record<string, Tensor>>;

export interface WebSessionOptions {
  /** Where it runs; where its runtime does when left out. */
  readonly provider?: Provider;
  /** Whether the commands of a run are recorded once and repeated, on tensors that stay on the graphics card. All of the graph must be there then. */
  readonly capture?: boolean;
  /** The outputs that stay on the graphics card, where not all do. */
  readonly onCard?: readonly string[];
}

/** An ONNX model that is open in a browser. */
export class WebSession {
  private constructor(
    readonly runtime: WebRuntime,
    readonly own: InferenceSession,
  ) {}

  static async open(runtime: WebRuntime, model: Uint8Array, options: WebSessionOptions = {}): Promise<WebSession> {
    const { provider = runtime.provider, capture = false, onCard = [] } = options;
    const location = Object.fromEntries(onCard.map((name) => [name, 'gpu-buffer' as const]));
    try {
      const session = await runtime.exclusively(() =>
        runtime.ort.InferenceSession.create(model, {
          // ONNX Runtime's own choice is NHWC, for which it puts transposes around every convolution
          executionProviders: [provider === 'webgpu' ? { name: provider, preferredLayout: 'NCHW' } : provider],
          enableMemPattern: false,
          logSeverityLevel: 3,
          ...(onCard.length > 0 && { preferredOutputLocation: location }),
          ...(capture && { enableGraphCapture: true, preferredOutputLocation: 'gpu-buffer' as const }),
        }),
      );
      return new WebSession(runtime, session);
    } catch (error) {
      return fail('session', `ONNX Runtime refuses the model on ${provider}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Runs the graph on tensors in the host's memory; returns the outputs of these names. */
  async run(feeds: Feeds, outputs: readonly string[]): Promise<Map<string, Tensor>> {
    const { ort } = this.runtime;
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toWeb(ort, value)]));
    const results = await this.runtime.exclusively(() => this.runHeld(inputs, outputs));
    return new Map(outputs.map((name) => [name, fromWeb(present(results[name], name))]));
  }

  /** Runs it on the runtime's own tensors; the caller has the runtime for itself. */
  async runHeld(
    feeds: Readonly<Record<string, OrtTensor>>,
    outputs?: readonly string[],
  ): Promise<Readonly<Record<string, OrtTensor>>> {
    try {
      return await (outputs ? this.own.run(feeds, outputs) : this.own.run(feeds));
    } catch (error) {
      throw new AgonError('session', `a run failed: ${messageOf(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.runtime.exclusively(() => this.own.release());
  }
}

/** A tensor for ONNX Runtime over the same memory. */
export function toWeb(ort: Ort, { dtype, data, dims }: Tensor): OrtTensor {
  return new ort.Tensor(dtype as 'float32', data as Float32Array, dims);
}

/** A tensor that ONNX Runtime has in the host's memory, over the same memory. */
export function fromWeb(value: OrtTensor): Tensor {
  return { dtype: value.type as Tensor['dtype'], dims: value.dims, data: value.data as Tensor['data'] };
}
