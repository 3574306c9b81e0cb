import { elementCount, float32Data, type Tensor, tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import type { Device } from '../device-kind.js';
import type * as ort from '../onnxruntime.js';
import { fromOrt, toOrt } from '../session.js';
import { copyOf } from '../step-runner.js';
import { Downloader } from './downloader.js';

/** The tensors that a step carries over to the next, wherever they are between the two. */
export interface CarriedState {
  /** Sets all of them, copying what is given. */
  load(state: ReadonlyMap<string, Tensor>): void;
  /** Replaces one, copying what is given. */
  replace(name: string, given: Tensor): void;
  /** Brings what was replaced to where runs take it from. Before a run. */
  settle(): Promise<void>;
  /** What a run is fed. */
  readonly current: ReadonlyMap<string, ort.Tensor>;
  /** What a run writes the next value of a tensor into; null where it makes a tensor of its own. */
  target(name: string): ort.Tensor | null;
  /** Takes the values of a run, by name, in place of the current ones. */
  advance(results: ReadonlyMap<string, ort.Tensor>): void;
  /** Copies in the host's memory. */
  read(names: readonly string[]): Promise<Map<string, Tensor>>;
  close(): Promise<void>;
}

/** State of these names and shapes, float32, where the kind of device has it. */
export async function openState(shapes: ReadonlyMap<string, readonly number[]>, device: Device): Promise<CarriedState> {
  return device.kind.state === 'device' ? new DeviceState(await Downloader.open(shapes, device)) : new HostState();
}

/** Two sets of buffers in the host's memory, of which a run reads one and writes the other. */
class HostState implements CarriedState {
  #state = new Map<string, ort.Tensor>();
  #spare = new Map<string, ort.Tensor>();

  get current(): ReadonlyMap<string, ort.Tensor> {
    return this.#state;
  }

  load(state: ReadonlyMap<string, Tensor>): void {
    this.#state = new Map([...state].map(([name, given]) => [name, toOrt(copyOf(given))]));
    this.#spare = new Map([...state].map(([name, { dims }]) => [name, toOrt(zeros(dims))]));
  }

  /** In place. */
  replace(name: string, given: Tensor): void {
    float32Data(fromOrt(present(this.#state.get(name), name))).set(float32Data(given));
  }

  async settle(): Promise<void> {}

  target(name: string): ort.Tensor {
    return present(this.#spare.get(name), name);
  }

  /** What a run returns for an output that it has written in place is a copy. */
  advance(): void {
    [this.#state, this.#spare] = [this.#spare, this.#state];
  }

  async read(names: readonly string[]): Promise<Map<string, Tensor>> {
    return new Map(names.map((name) => [name, copyOf(fromOrt(present(this.#state.get(name), name)))]));
  }

  async close(): Promise<void> {
    this.#state = new Map();
    this.#spare = new Map();
  }
}

/** Buffers on the device, which are fed back. */
class DeviceState implements CarriedState {
  readonly #downloader: Downloader;
  #state = new Map<string, ort.Tensor>();

  constructor(downloader: Downloader) {
    this.#downloader = downloader;
  }

  get current(): ReadonlyMap<string, ort.Tensor> {
    return this.#state;
  }

  load(state: ReadonlyMap<string, Tensor>): void {
    this.#take(new Map([...state].map(([name, given]) => [name, toOrt(copyOf(given))])));
  }

  replace(name: string, given: Tensor): void {
    present(this.#state.get(name), name).dispose();
    this.#state.set(name, toOrt(copyOf(given)));
  }

  async settle(): Promise<void> {}

  target(): null {
    return null;
  }

  advance(results: ReadonlyMap<string, ort.Tensor>): void {
    this.#take(new Map(results));
  }

  read(names: readonly string[]): Promise<Map<string, Tensor>> {
    return this.#downloader.download(this.#state, names);
  }

  async close(): Promise<void> {
    this.#take(new Map());
    await this.#downloader.close();
  }

  #take(next: Map<string, ort.Tensor>): void {
    for (const value of this.#state.values()) value.dispose();
    this.#state = next;
  }
}

function zeros(dims: readonly number[]): Tensor {
  return tensor('float32', dims, new Float32Array(elementCount(dims)));
}
