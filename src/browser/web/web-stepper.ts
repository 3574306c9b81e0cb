import type { Tensor as OrtTensor } from 'onnxruntime-web';
import { nextName, type StepGraph } from '../../distill/step.js';
import type { Graph } from '../../graph/graph.js';
import { toModel } from '../../graph/to-model.js';
import { encodeModel } from '../../onnx/model-bytes.js';
import { type Tensor, tensor } from '../../onnx/tensor.js';
import { checkStateTensor, copyOf, failNoParameter, type StepRunner } from '../../runtime/step-runner.js';
import { fail, present } from '../../util/error.js';
import type { WebRuntime } from './web-runtime.js';
import { type Feeds, fromWeb, toWeb, WebSession } from './web-session.js';

/** What a step carries over and gives, by name. */
interface StepNames {
  readonly state: readonly string[];
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Outputs that are no state. */
  readonly outputs: readonly string[];
}

/** A training step in a browser, whose state stays where it runs: in the host's memory, or in buffers of the graphics card. */
export class WebStepper implements StepRunner {
  #state = new Map<string, OrtTensor>();

  private constructor(
    private readonly session: WebSession,
    private readonly names: StepNames,
  ) {}

  /** Opens a session for a step that is lowered. */
  static async open(runtime: WebRuntime, step: StepGraph, lowered: Graph): Promise<WebStepper> {
    const names = namesOf(step);
    const onDevice = runtime.provider === 'webgpu' ? step.state.map(nextName) : [];
    return new WebStepper(await WebSession.open(runtime, encodeModel(toModel(lowered)), { onDevice }), names);
  }

  load(state: ReadonlyMap<string, Tensor>, where = 'state'): void {
    const given = this.names.state.map((name) => {
      const value = state.get(name) ?? fail(where, `tensor "${name}" is missing`);
      this.#check(name, value, where);
      return [name, toWeb(this.session.runtime.ort, copyOf(value))] as const;
    });
    this.#take(new Map(given));
  }

  update(tensors: ReadonlyMap<string, Tensor>, where = 'state'): void {
    for (const [name, given] of tensors) this.#check(name, given, where);
    for (const [name, given] of tensors) {
      const own = toWeb(this.session.runtime.ort, copyOf(given));
      present(this.#state.get(name), name).dispose();
      this.#state.set(name, own);
    }
  }

  async step(feeds: Feeds): Promise<Map<string, Tensor>> {
    const { runtime } = this.session;
    const { state, outputs } = this.names;
    return runtime.exclusively(async () => {
      const inputs: Record<string, OrtTensor> = Object.fromEntries(this.#state);
      for (const [name, value] of Object.entries(feeds)) inputs[name] = toWeb(runtime.ort, value);
      const results = await this.session.runHeld(inputs);
      this.#take(new Map(state.map((name) => [name, present(results[nextName(name)], name)])));
      return new Map(outputs.map((name) => [name, fromWeb(present(results[name], name))]));
    });
  }

  state(names: readonly string[] = this.names.state): Promise<Map<string, Tensor>> {
    return this.session.runtime.exclusively(async () => {
      const copies = new Map<string, Tensor>();
      for (const name of names) copies.set(name, await read(present(this.#state.get(name), name)));
      return copies;
    });
  }

  async close(): Promise<void> {
    this.#take(new Map());
    await this.session.close();
  }

  #check(name: string, given: Tensor, where: string): void {
    checkStateTensor(name, given, this.names.shapes.get(name) ?? failNoParameter(name), where);
  }

  #take(next: Map<string, OrtTensor>): void {
    for (const value of this.#state.values()) value.dispose();
    this.#state = next;
  }
}

/** The names of a step's tensors. */
export function namesOf({ graph, state }: StepGraph): StepNames {
  const carried = new Set(state.map(nextName));
  const shapeOf = (name: string) => (graph.parameters.get(name) ?? failNoParameter(name)).value.shape;
  return {
    state,
    shapes: new Map(state.map((name) => [name, shapeOf(name)])),
    outputs: [...graph.outputs.keys()].filter((name) => !carried.has(name)),
  };
}

/** A copy in the host's memory. */
async function read(value: OrtTensor): Promise<Tensor> {
  const data = (await value.getData()) as Float32Array;
  return tensor('float32', value.dims, value.location === 'cpu' ? data.slice() : data);
}
