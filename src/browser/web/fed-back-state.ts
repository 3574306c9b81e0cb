import type { Tensor as OrtTensor } from 'onnxruntime-web';
import { type Tensor, tensor } from '../../onnx/tensor.js';
import { copyOf } from '../../runtime/step-runner.js';
import type { CarriedState } from '../../runtime/stepping/carried-state.js';
import { present } from '../../util/error.js';
import type { Ort } from './web-runtime.js';
import { toWeb } from './web-session.js';

/** State that a run gives is fed to the next, in the host's memory or in the graphics card's. */
export class FedBackState implements CarriedState {
  #state = new Map<string, OrtTensor>();

  constructor(private readonly ort: Ort) {}

  get current(): ReadonlyMap<string, OrtTensor> {
    return this.#state;
  }

  load(state: ReadonlyMap<string, Tensor>): void {
    this.#take(new Map([...state].map(([name, given]) => [name, toWeb(this.ort, copyOf(given))])));
  }

  replace(name: string, given: Tensor): void {
    present(this.#state.get(name), name).dispose();
    this.#state.set(name, toWeb(this.ort, copyOf(given)));
  }

  async settle(): Promise<void> {}

  target(): null {
    return null;
  }

  advance(results: ReadonlyMap<string, OrtTensor>): void {
    this.#take(new Map(results));
  }

  async read(names: readonly string[]): Promise<Map<string, Tensor>> {
    const copies = new Map<string, Tensor>();
    for (const name of names) copies.set(name, await read(present(this.#state.get(name), name)));
    return copies;
  }

  async close(): Promise<void> {
    this.#take(new Map());
  }

  #take(next: Map<string, OrtTensor>): void {
    for (const value of this.#state.values()) value.dispose();
    this.#state = next;
  }
}

/** A copy in the host's memory. */
async function read(value: OrtTensor): Promise<Tensor> {
  const data = (await value.getData()) as Float32Array;
  return tensor('float32', value.dims, value.location === 'cpu' ? data.slice() : data);
}
