import type * as ort from 'onnxruntime-node';
import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { encodeModel } from '../onnx/file.js';
import type { Tensor } from '../onnx/tensor.js';
import type { Device } from './device.js';
import { fromOrt, openSession, runSession, toOrt } from './session.js';

/** A forward graph in inference form, whose parameters are set from outside: one session serves a whole training run. */
export class Predictor {
  readonly #session: ort.InferenceSession;
  readonly #parameters: readonly string[];
  #values: Record<string, ort.Tensor> = {};

  private constructor(session: ort.InferenceSession, parameters: readonly string[]) {
    this.#session = session;
    this.#parameters = parameters;
  }

  static async open(forward: Graph, options: { device: Device; threads?: number | undefined }): Promise<Predictor> {
    const session = await openSession(encodeModel(toModel(forward)), options);
    return new Predictor(session, [...forward.parameters.keys()]);
  }

  /** Sets the parameters: `parameterOf` gives each by its name in the forward graph. Nothing is copied. */
  load(parameterOf: (name: string) => Tensor): void {
    this.#values = Object.fromEntries(this.#parameters.map((name) => [name, toOrt(parameterOf(name))]));
  }

  /** Logits [N, classes] for images [N, C, H, W]. */
  async logits(images: Tensor): Promise<Tensor> {
    const results = await runSession(this.#session, { ...this.#values, images: toOrt(images) }, { logits: null });
    return fromOrt(results.logits as ort.Tensor);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
