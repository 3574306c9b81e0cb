import type { Place } from '../../lower/flat/flatten.js';
import { elementCount, float32Data, type Tensor, tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import type * as ort from '../onnxruntime.js';
import type { CarriedState } from './carried-state.js';

/** What a state of vectors is made from. */
export interface Packing {
  /** The shapes of the tensors that the outside knows, in the order of the state. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Where those are that are in a vector. */
  readonly places: ReadonlyMap<string, Place>;
}

/** Tensors that are carried over in vectors: outside they are what they were. */
export class PackedState implements CarriedState {
  readonly #inner: CarriedState;
  readonly #packing: Packing;
  /** The tensors of each vector. */
  readonly #members: ReadonlyMap<string, readonly string[]>;
  /** What is to take the place of tensors before the next run: a vector in a device's memory has to be fetched for that. */
  readonly #replaced = new Map<string, Tensor>();

  /** @param inner - Carries the vectors, and the tensors that are in none. */
  constructor(inner: CarriedState, packing: Packing) {
    this.#inner = inner;
    this.#packing = packing;
    const members = new Map<string, string[]>();
    for (const [name, { vector }] of packing.places) members.set(vector, [...(members.get(vector) ?? []), name]);
    this.#members = members;
  }

  get current(): ReadonlyMap<string, ort.Tensor> {
    return this.#inner.current;
  }

  load(state: ReadonlyMap<string, Tensor>): void {
    this.#replaced.clear();
    const alone = [...state].filter(([name]) => !this.#packing.places.has(name));
    const vectors = [...this.#members].map(([vector, names]) => [vector, this.#pack(names, state)] as const);
    this.#inner.load(new Map([...vectors, ...alone]));
  }

  replace(name: string, given: Tensor): void {
    if (!this.#packing.places.has(name)) this.#inner.replace(name, given);
    else this.#replaced.set(name, tensor('float32', given.dims, float32Data(given).slice()));
  }

  async settle(): Promise<void> {
    await this.#inner.settle();
    if (this.#replaced.size === 0) return;
    const replaced = new Map(this.#replaced);
    this.#replaced.clear();
    const changed = [...this.#members].filter(([, names]) => names.some((name) => replaced.has(name)));
    const partly = changed.filter(([, names]) => !names.every((name) => replaced.has(name)));
    const present = this.#unpack(await this.#inner.read(partly.map(([vector]) => vector)));
    const next = new Map([...present, ...replaced]);
    for (const [vector, names] of changed) this.#inner.replace(vector, this.#pack(names, next));
  }

  target(name: string): ort.Tensor | null {
    return this.#inner.target(name);
  }

  advance(results: ReadonlyMap<string, ort.Tensor>): void {
    this.#inner.advance(results);
  }

  async read(names: readonly string[]): Promise<Map<string, Tensor>> {
    await this.settle();
    const carried = names.map((name) => this.#packing.places.get(name)?.vector ?? name);
    const values = await this.#inner.read([...new Set(carried)]);
    const all = new Map([...values, ...this.#unpack(values)]);
    return new Map(names.map((name) => [name, present(all.get(name), name)]));
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  #pack(names: readonly string[], tensors: ReadonlyMap<string, Tensor>): Tensor {
    const sizes = names.map((name) => elementCount(this.#shapeOf(name)));
    const vector = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
    for (const name of names) vector.set(float32Data(present(tensors.get(name), name)), this.#offsetOf(name));
    return tensor('float32', [vector.length], vector);
  }

  /** The tensors in some vectors, each with memory of its own. */
  #unpack(vectors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
    const tensors = new Map<string, Tensor>();
    for (const [vector, value] of vectors) {
      for (const name of this.#members.get(vector) ?? []) {
        const [shape, offset] = [this.#shapeOf(name), this.#offsetOf(name)];
        tensors.set(name, tensor('float32', shape, float32Data(value).slice(offset, offset + elementCount(shape))));
      }
    }
    return tensors;
  }

  #shapeOf(name: string): readonly number[] {
    return present(this.#packing.shapes.get(name), name);
  }

  #offsetOf(name: string): number {
    return present(this.#packing.places.get(name), name).offset;
  }
}
