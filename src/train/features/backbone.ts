import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import type { Preprocessing } from '../../data/image/preprocess.js';
import { FEATURES } from '../../graph/cut.js';
import type { Graph } from '../../graph/graph.js';
import { toModel } from '../../graph/to-model.js';
import { encodeModel } from '../../onnx/file.js';
import { float32Data, type Tensor, tensor } from '../../onnx/tensor.js';
import { type Device, formatDevice } from '../../runtime/device-kind.js';
import { Session } from '../../runtime/session.js';
import { ONNXRUNTIME_VERSION } from '../../runtime/version.js';
import { at } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';

/** A frozen part of a network: from images [N, C, H, W] to features [N, ...]. Its weights are constants, which makes it twice as fast. */
export class Backbone {
  readonly #model: Uint8Array;
  #session: Session | undefined;

  private constructor(
    model: Uint8Array,
    /** Of one image's features. */
    readonly dims: readonly number[],
    /** Tells backbones apart: of equal graphs and weights it is the same. */
    readonly digest: string,
  ) {
    this.#model = model;
  }

  static of(graph: Graph, parameterOf: (name: string) => Tensor): Backbone {
    const parameters = new Map([...graph.parameters.keys()].map((name) => [name, parameterOf(name)]));
    const model = encodeModel(toModel(graph, { parameters }));
    const { shape } = present(graph.outputs.get(FEATURES), 'the features');
    const dims = shape.slice(1).map((size) => {
      return typeof size === 'number'
        ? size
        : fail(graph.name, 'the shape of its features is open', { got: `${size}` });
    });
    return new Backbone(model, dims, createHash('sha256').update(model).digest('hex'));
  }

  /** Numbers of one image. */
  get length(): number {
    return this.dims.reduce((product, size) => product * size, 1);
  }

  /** Of what its features are beside the images: they may differ in their last bits between machines. */
  keyFor(preprocessing: Preprocessing, device: Device): string {
    const machine = [ONNXRUNTIME_VERSION, formatDevice(device), cpus()[0]?.model ?? ''];
    const text = JSON.stringify([this.digest, preprocessing, machine]);
    return createHash('sha256').update(text).digest('hex').slice(0, 24);
  }

  /** Opens the session that computes. Without features to compute it isn't needed. */
  async open(device: Device, threads: number | undefined): Promise<void> {
    this.#session ??= await Session.open(this.#model, { device, threads });
  }

  /** Features [N, ...], one image after the other. */
  async features(images: Float32Array, { channels, height, width }: Preprocessing): Promise<Float32Array> {
    const count = images.length / (channels * height * width);
    const input = tensor('float32', [count, channels, height, width], images);
    const results = await present(this.#session, 'the session of a backbone').run({ images: input }, [FEATURES]);
    return float32Data(present(results.get(FEATURES), 'the features'));
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }
}

/** Of several networks the backbones, each once, and which one each network has. */
export function distinct(backbones: readonly Backbone[]): {
  readonly own: readonly Backbone[];
  readonly of: readonly number[];
} {
  const digests = [...new Set(backbones.map(({ digest }) => digest))];
  const own = digests.map((digest) =>
    at(
      backbones,
      backbones.findIndex((each) => each.digest === digest),
    ),
  );
  return { own, of: backbones.map(({ digest }) => digests.indexOf(digest)) };
}
