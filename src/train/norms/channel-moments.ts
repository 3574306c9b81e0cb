import { createLoader } from '../../data/batch/open-loader.js';
import { limitSplit } from '../../data/dataset/split.js';
import type { ChannelMoments } from '../../foreign/folded-norms.js';
import { Graph } from '../../graph/graph.js';
import { inline } from '../../graph/inline.js';
import type { Value } from '../../graph/node/node.js';
import { toModel } from '../../graph/to-model.js';
import { lower } from '../../lower/lower.js';
import { portable } from '../../lower/portable/portable.js';
import { encodeModel } from '../../onnx/file.js';
import { type Tensor, tensor, toNumbers } from '../../onnx/tensor.js';
import { CPU } from '../../runtime/device.js';
import { Session } from '../../runtime/session.js';
import type { Settings } from '../../settings/settings.js';
import { present } from '../../util/error.js';
import type { RunData } from '../data.js';

/** Images that norms are measured on, at least; a larger batch is used whole. */
const IMAGES = 64;
/** Images of one run of a network. */
const BATCH = 16;

/** Values of a network's graph, [N, channels, ...], whose moments are wanted, and the weights that it has. */
export interface Measured {
  readonly graph: Graph;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly values: readonly Value[];
}

/** How many training images norms are measured on. */
export function measuredImages({ dataset }: RunData, { batchSize }: Pick<Settings, 'batchSize'>): number {
  return Math.min(Math.max(IMAGES, batchSize), dataset.train.length);
}

/**
 * Means and population variances of values of a network, for each channel, over some training images as they are at evaluation, in
 * proportion to the classes. `check` is called between batches; what it throws ends it.
 */
export async function channelMoments(
  measured: Measured,
  data: RunData,
  settings: Pick<Settings, 'batchSize' | 'seed' | 'threads' | 'workers'>,
  check: () => void,
): Promise<ChannelMoments[]> {
  const { dataset, preprocessing } = data;
  const split = limitSplit(dataset.train, measuredImages(data, settings), settings.seed);
  const loader = createLoader({ split, preprocessing, batchSize: BATCH, workers: settings.workers });
  const session = await Session.open(measuringModel(measured), { device: CPU, threads: settings.threads });
  const pooled = measured.values.map(() => new Pooled());
  try {
    for await (const { images, size } of loader.epoch()) {
      check();
      const { channels, height, width } = preprocessing;
      const batch = tensor('float32', [size, channels, height, width], images);
      const results = await session.run({ images: batch }, outputsOf(measured));
      for (const [k, each] of pooled.entries()) {
        const of = (name: string) => toNumbers(present(results.get(name), name));
        each.add(size, of(meanName(k)), of(varianceName(k)));
      }
    }
  } finally {
    await loader.close();
    await session.close();
  }
  return pooled.map((each) => each.moments());
}

const meanName = (k: number) => `mean${k}`;
const varianceName = (k: number) => `variance${k}`;

function outputsOf({ values }: Measured): string[] {
  return values.flatMap((_, k) => [meanName(k), varianceName(k)]);
}

/** The network with the mean and the variance of each wanted value over batch and positions, [channels], as its outputs. */
function measuringModel({ graph: source, parameters, values: wanted }: Measured): Uint8Array {
  const graph = new Graph(source.name);
  const copied = inline(source, graph);
  for (const [k, value] of wanted.entries()) {
    const { mean, variance } = momentsOf(graph, present(copied.get(value), value.name));
    graph.output(meanName(k), mean);
    graph.output(varianceName(k), variance);
  }
  const values: ReadonlyMap<string, Tensor> = new Map(
    [...graph.parameters].map(([name, { value }]) => [name, parameters.get(name) ?? zeros(value)]),
  );
  return encodeModel(toModel(lower(graph, portable), { parameters: values }));
}

/** Of a new head, which nothing that is measured depends on. */
function zeros({ shape }: Value<number>): Tensor {
  return tensor('float32', shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));
}

function momentsOf(graph: Graph, x: Value): { mean: Value; variance: Value } {
  const axes = graph.integers(x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])));
  const mean = graph.op('ReduceMean', [x, axes], { keepdims: 1 });
  const centred = graph.op('Sub', [x, mean]);
  const variance = graph.op('ReduceMean', [graph.op('Mul', [centred, centred]), axes], { keepdims: 0 });
  return { mean: graph.op('ReduceMean', [x, axes], { keepdims: 0 }), variance };
}

/** Moments over batches, put together as Chan et al. do: no difference of large numbers. */
class Pooled {
  #count = 0;
  #mean = new Float64Array();
  #squares = new Float64Array();

  /** Of so many images: means and population variances. */
  add(count: number, mean: readonly number[], variance: readonly number[]): void {
    if (this.#count === 0) {
      this.#mean = new Float64Array(mean.length);
      this.#squares = new Float64Array(mean.length);
    }
    const total = this.#count + count;
    for (const [c, m] of mean.entries()) {
      const old = this.#mean[c] as number;
      const [share, difference] = [count / total, m - old];
      this.#mean[c] = old + difference * share;
      const between = difference * difference * this.#count * share;
      this.#squares[c] = (this.#squares[c] as number) + (variance[c] as number) * count + between;
    }
    this.#count = total;
  }

  moments(): ChannelMoments {
    return { mean: this.#mean, variance: this.#squares.map((sum) => sum / this.#count) };
  }
}
