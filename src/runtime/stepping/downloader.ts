import { Graph } from '../../graph/graph.js';
import { toModel } from '../../graph/to-model.js';
import { encodeModel } from '../../onnx/file.js';
import type { Tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import type { Device } from '../device-kind.js';
import type * as ort from '../onnxruntime.js';
import { fromOrt, Session } from '../session.js';

const copyName = (name: string) => `${name}.copy`;

/**
 * Brings tensors from a device to the CPU by running a graph that hands its inputs through. onnxruntime-node 1.30 has no
 * other way: `getData` of a tensor in a device buffer ends the process ("not implemented").
 */
export class Downloader {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** For float32 tensors of these names and shapes. */
  static async open(shapes: ReadonlyMap<string, readonly number[]>, device: Device): Promise<Downloader> {
    const graph = new Graph('download');
    for (const [name, shape] of shapes) {
      graph.output(copyName(name), graph.op('Identity', [graph.input(name, 'float32', shape)]));
    }
    return new Downloader(await Session.open(encodeModel(toModel(graph)), { device }));
  }

  /** Copies of the tensors of these names; `values` are all that it was opened for. */
  async download(values: ReadonlyMap<string, ort.Tensor>, names: readonly string[]): Promise<Map<string, Tensor>> {
    const fetches = Object.fromEntries(names.map((name) => [copyName(name), null]));
    const copies = await this.#session.runHeld(Object.fromEntries(values), fetches);
    return new Map(names.map((name) => [name, fromOrt(present(copies[copyName(name)], name))]));
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
