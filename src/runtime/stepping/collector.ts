import { Graph } from '../../graph/graph.js';
import { range } from '../../graph/node/axes.js';
import { toModel } from '../../graph/to-model.js';
import { encodeModel } from '../../onnx/file.js';
import { float32Data } from '../../onnx/tensor.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';
import type { Device } from '../device-kind.js';
import type * as ort from '../onnxruntime.js';
import { fromOrt, Session } from '../session.js';

/** Vectors in one copy: more are copied by so many. */
const MOST = 16;

const inputName = (i: number) => `part_${i}`;

/** Copies vectors of one length from a device to the host, many in one copy. */
export class Collector {
  readonly #length: number;
  readonly #device: Device;
  /** By how many it joins. */
  readonly #sessions = new Map<number, Promise<Session>>();

  constructor(length: number, device: Device) {
    this.#length = length;
    this.#device = device;
  }

  /** What vectors in the device's memory hold, in their order. */
  async collect(vectors: readonly ort.Tensor[]): Promise<Float32Array[]> {
    const collected: Float32Array[] = [];
    for (let from = 0; from < vectors.length; from += MOST) {
      collected.push(...(await this.#collectSome(vectors.slice(from, from + MOST))));
    }
    return collected;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).close();
    this.#sessions.clear();
  }

  /** Short of the whole number, the last one comes several times: there are two sessions, not one for each number. */
  async #collectSome(vectors: readonly ort.Tensor[]): Promise<Float32Array[]> {
    const count = vectors.length === 1 ? 1 : MOST;
    const session = await this.#sessionFor(count);
    const feeds = range(count).map((i) => [inputName(i), at(vectors, Math.min(i, vectors.length - 1))] as const);
    const { all } = await session.runHeld(Object.fromEntries(feeds), { all: null });
    const numbers = float32Data(fromOrt(present(all, 'the joined vectors')));
    return vectors.map((_, i) => numbers.slice(i * this.#length, (i + 1) * this.#length));
  }

  #sessionFor(count: number): Promise<Session> {
    const session = this.#sessions.get(count) ?? this.#open(count);
    this.#sessions.set(count, session);
    return session;
  }

  #open(count: number): Promise<Session> {
    const graph = new Graph('collect');
    const inputs = range(count).map((i) => graph.input(inputName(i), 'float32', [this.#length]));
    graph.output('all', graph.op('Concat', inputs, { axis: 0 }));
    return Session.open(encodeModel(toModel(graph)), { device: this.#device });
  }
}
