import type * as ort from 'onnxruntime-node';
import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { lower } from '../lower/lower.js';
import type { Target } from '../lower/target.js';

import { encodeModel } from '../onnx/file.js';
import { elementCount, type Tensor, tensor } from '../onnx/tensor.js';
import { fail } from '../util/error.js';
import type { Device } from './device.js';
import { fromOrt, openSession, runSession, toOrt } from './session.js';
import { targetFor } from './target.js';

/** A graph that carries tensors over from run to run: inputs `name`, outputs `nextOf(name)`. */
export interface StatefulGraph {
  readonly graph: Graph;
  readonly state: readonly string[];
  readonly nextOf: (name: string) => string;
}

export interface StepperOptions {
  readonly device: Device;
  readonly threads?: number | undefined;
  /** The lowering; the device's own when left out. */
  readonly target?: Target | undefined;
}

/**
 * A session whose state stays where it is: on the CPU in two sets of buffers that are written in turn, on WebGPU in
 * device buffers that are fed back.
 */
export class Stepper {
  readonly #session: ort.InferenceSession;
  readonly #source: StatefulGraph;
  readonly #outputs: readonly string[];
  readonly #onDevice: boolean;
  #state = new Map<string, ort.Tensor>();
  #spare = new Map<string, ort.Tensor>();

  private constructor(session: ort.InferenceSession, source: StatefulGraph, onDevice: boolean) {
    this.#session = session;
    this.#source = source;
    this.#onDevice = onDevice;
    const carried = new Set(source.state.map(source.nextOf));
    this.#outputs = [...source.graph.outputs.keys()].filter((name) => !carried.has(name));
  }

  /** Lowers the graph for the device and opens a session on it. */
  static async open(source: StatefulGraph, { device, threads, target }: StepperOptions): Promise<Stepper> {
    const model = encodeModel(toModel(lower(source.graph, target ?? (await targetFor(device)))));
    const onDevice = device.kind === 'webgpu';
    const kept = onDevice ? source.state.map(source.nextOf) : [];
    return new Stepper(await openSession(model, { device, threads, onDevice: kept }), source, onDevice);
  }

  /** Sets the whole state, copying it. Every tensor must be there, of its parameter's shape. */
  load(state: ReadonlyMap<string, Tensor>): void {
    this.#free();
    for (const name of this.#source.state) {
      const { shape } = this.#source.graph.parameters.get(name)?.value ?? fail('state', `"${name}" is no parameter`);
      const given = state.get(name) ?? fail('state', `tensor "${name}" is missing`);
      if (given.dtype !== 'float32' || given.dims.join() !== shape.join()) {
        fail('state', `tensor "${name}"`, { expected: `float32 [${shape}]`, got: `${given.dtype} [${given.dims}]` });
      }
      const copy = tensor('float32', given.dims, Float32Array.from(given.data as Float32Array));
      this.#state.set(name, toOrt(copy));
      if (!this.#onDevice) {
        const buffer = new Float32Array(elementCount(given.dims));
        this.#spare.set(name, toOrt(tensor('float32', given.dims, buffer)));
      }
    }
  }

  /** Runs one step from the state to the next; returns the outputs that are no state. */
  async step(feeds: Readonly<Record<string, Tensor>>): Promise<Map<string, Tensor>> {
    const inputs: Record<string, ort.Tensor> = Object.fromEntries(this.#state);
    for (const [name, value] of Object.entries(feeds)) inputs[name] = toOrt(value);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of this.#outputs) fetches[name] = null;
    for (const name of this.#source.state) fetches[this.#source.nextOf(name)] = this.#spare.get(name) ?? null;
    const results = await runSession(this.#session, inputs, fetches);
    this.#advance(results);
    const entries = this.#outputs.map(async (name) => [name, await fromOrt(results[name] as ort.Tensor)] as const);
    return new Map(await Promise.all(entries));
  }

  /** A copy of one state tensor, or of all. */
  async state(): Promise<Map<string, Tensor>> {
    const copies = new Map<string, Tensor>();
    for (const [name, value] of this.#state) {
      const { dtype, dims, data } = await fromOrt(value);
      copies.set(name, tensor(dtype, dims, Float32Array.from(data as Float32Array)));
    }
    return copies;
  }

  async close(): Promise<void> {
    this.#free();
    await this.#session.release();
  }

  #advance(results: ort.InferenceSession.ReturnType): void {
    const next = new Map<string, ort.Tensor>();
    for (const name of this.#source.state) next.set(name, results[this.#source.nextOf(name)] as ort.Tensor);
    if (this.#onDevice) for (const value of this.#state.values()) value.dispose();
    else this.#spare = this.#state;
    this.#state = next;
  }

  #free(): void {
    if (this.#onDevice) for (const value of this.#state.values()) value.dispose();
    this.#state = new Map();
    this.#spare = new Map();
  }
}
