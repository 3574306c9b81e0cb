import type { Graph } from '../../graph/graph.js';
import { toModel } from '../../graph/to-model.js';
import { encodeModel } from '../../onnx/model-bytes.js';
import type { Tensor } from '../../onnx/tensor.js';
import type { NetworkPredictor } from '../../train/evaluate.js';
import { present } from '../../util/error.js';
import { ForwardSession } from './forward-session.js';
import type { WebRuntime } from './web-runtime.js';
import type { Feeds } from './web-session.js';

/** A forward graph in inference form, in a browser, whose parameters are set from outside. */
export class WebPredictor implements NetworkPredictor {
  readonly #session: ForwardSession;
  readonly #forward: Graph;
  #values: Feeds = {};

  private constructor(session: ForwardSession, forward: Graph) {
    this.#session = session;
    this.#forward = forward;
  }

  /** Opens a session for a graph with an input `images` [N, C, H, W], or `features`, and an output `logits` [N, classes]. */
  static async open(runtime: WebRuntime, forward: Graph): Promise<WebPredictor> {
    return new WebPredictor(await ForwardSession.open(runtime, encodeModel(toModel(forward))), forward);
  }

  /** One with parameters of its own in the same session. */
  twin(): WebPredictor {
    return new WebPredictor(this.#session, this.#forward);
  }

  load(parameterOf: (name: string) => Tensor): void {
    this.#values = Object.fromEntries([...this.#forward.parameters.keys()].map((name) => [name, parameterOf(name)]));
  }

  async logits(input: Tensor): Promise<Tensor> {
    const { name } = present(this.#forward.inputs[0], 'its input');
    const results = await this.#session.run({ ...this.#values, [name]: input }, ['logits']);
    return present(results.get('logits'), 'the logits');
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
