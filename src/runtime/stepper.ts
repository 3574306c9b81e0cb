import type * as ort from 'onnxruntime-node';
import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { lower } from '../lower/lower.js';
import type { Target } from '../lower/target.js';
import { encodeModel } from '../onnx/file.js';
import { elementCount, type Tensor, tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';
import type { Device } from './device.js';
import { Downloader } from './downloader.js';
import { fromOrt, openSession, runSession, toOrt } from './session.js';
import { checkStateTensor, copyOf, failNoParameter, type StepRunner } from './step-runner.js';
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
export class Stepper implements StepRunner {
  readonly #session: ort.InferenceSession;
  readonly #source: StatefulGraph;
  readonly #outputs: readonly string[];
  /** Only where the state stays on the device. */
  readonly #downloader: Downloader | undefined;
  #state = new Map<string, ort.Tensor>();
  #spare = new Map<string, ort.Tensor>();

  private constructor(session: ort.InferenceSession, source: StatefulGraph, downloader: Downloader | undefined) {
    this.#session = session;
    this.#source = source;
    this.#downloader = downloader;
    const carried = new Set(source.state.map(source.nextOf));
    this.#outputs = [...source.graph.outputs.keys()].filter((name) => !carried.has(name));
  }

  /** Lowers the graph for the device and opens a session on it. */
  static async open(source: StatefulGraph, { device, threads, target }: StepperOptions): Promise<Stepper> {
    const lowering = target ?? (await targetFor(device));
    const model = encodeModel(toModel(lower(source.graph, lowering)));
    if (device.kind !== 'webgpu') {
      const session = await openSession(model, { device, threads, asItIs: lowering.name === 'cpu' });
      return new Stepper(session, source, undefined);
    }
    const session = await openSession(model, { device, threads, onDevice: source.state.map(source.nextOf) });
    const shapes = new Map(source.state.map((name) => [name, shapeOf(source, name)]));
    return new Stepper(session, source, await Downloader.open(shapes, device));
  }

  load(state: ReadonlyMap<string, Tensor>, where = 'state'): void {
    this.#free();
    for (const name of this.#source.state) {
      const given = state.get(name) ?? fail(where, `tensor "${name}" is missing`);
      this.#check(name, given, where);
      this.#state.set(name, toOrt(copyOf(given)));
      if (!this.#downloader) {
        const buffer = new Float32Array(elementCount(given.dims));
        this.#spare.set(name, toOrt(tensor('float32', given.dims, buffer)));
      }
    }
  }

  /** On the CPU in place. */
  update(tensors: ReadonlyMap<string, Tensor>, where = 'state'): void {
    for (const [name, given] of tensors) this.#check(name, given, where);
    for (const [name, given] of tensors) {
      const held = present(this.#state.get(name), name);
      if (!this.#downloader) (held.data as Float32Array).set(given.data as Float32Array);
      else {
        held.dispose();
        this.#state.set(name, toOrt(copyOf(given)));
      }
    }
  }

  async step(feeds: Readonly<Record<string, Tensor>>): Promise<Map<string, Tensor>> {
    const inputs: Record<string, ort.Tensor> = Object.fromEntries(this.#state);
    for (const [name, value] of Object.entries(feeds)) inputs[name] = toOrt(value);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of this.#outputs) fetches[name] = null;
    for (const name of this.#source.state) fetches[this.#source.nextOf(name)] = this.#spare.get(name) ?? null;
    const results = await runSession(this.#session, inputs, fetches);
    this.#advance(results);
    return new Map(this.#outputs.map((name) => [name, fromOrt(results[name] as ort.Tensor)]));
  }

  async state(names: readonly string[] = this.#source.state): Promise<Map<string, Tensor>> {
    if (this.#downloader) return this.#downloader.download(this.#state, names);
    return new Map(names.map((name) => [name, copyOf(fromOrt(present(this.#state.get(name), name)))]));
  }

  async close(): Promise<void> {
    this.#free();
    await this.#downloader?.close();
    await this.#session.release();
  }

  #check(name: string, given: Tensor, where: string): void {
    checkStateTensor(name, given, shapeOf(this.#source, name), where);
  }

  #advance(results: ort.InferenceSession.ReturnType): void {
    const next = new Map<string, ort.Tensor>();
    for (const name of this.#source.state) {
      // A preallocated output is written in place; what the run returns for it is a copy.
      next.set(name, this.#spare.get(name) ?? (results[this.#source.nextOf(name)] as ort.Tensor));
    }
    if (this.#downloader) for (const value of this.#state.values()) value.dispose();
    else this.#spare = this.#state;
    this.#state = next;
  }

  #free(): void {
    if (this.#downloader) for (const value of this.#state.values()) value.dispose();
    this.#state = new Map();
    this.#spare = new Map();
  }
}

function shapeOf({ graph }: StatefulGraph, name: string): readonly number[] {
  const { value } = graph.parameters.get(name) ?? failNoParameter(name);
  return value.shape as number[];
}
