import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { mul, reduceSum } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { cpu } from '../../src/lower/cpu/cpu.js';
import { gpu } from '../../src/lower/gpu/gpu.js';
import { portable } from '../../src/lower/portable/portable.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { blockSize } from '../../src/runtime/block-size.js';
import { CPU } from '../../src/runtime/device.js';
import { stream } from '../../src/util/random.js';
import { runGraph } from '../support/run.js';

const block = await blockSize(CPU);
const EPSILON = 1e-5;
const PIXELS = [6, 5] as const;

/** A batch [N, C, 6, 5], with scale, shift and a gradient that comes in. */
interface Batch {
  readonly images: number;
  readonly channels: number;
  readonly x: Tensor;
  readonly scale: Tensor;
  readonly shift: Tensor;
  readonly dY: Tensor;
}

/** Channel c has the spread `spread(c)` and a mean `ratio` times as large, its sign changing from channel to channel. */
function batchOf(ratio: number, images: number, channels: number, spread = (c: number) => 0.5 + c): Batch {
  const random = stream(31, 'batch-norm', ratio, images);
  const normal = (dims: readonly number[], make: (channel: number, z: number) => number) => {
    const inner = dims.length > 1 ? PIXELS[0] * PIXELS[1] : 1;
    const values = Array.from({ length: elementCount(dims) }, (_, i) =>
      make(Math.floor(i / inner) % channels, random.normal()),
    );
    return tensor('float32', dims, values);
  };
  const dims = [images, channels, ...PIXELS];
  return {
    images,
    channels,
    x: normal(dims, (c, z) => spread(c) * (ratio * (c % 2 === 0 ? 1 : -1) + z)),
    scale: normal([channels], (_, z) => 1 + 0.3 * z),
    shift: normal([channels], (_, z) => z),
    dY: normal(dims, (_, z) => z),
  };
}

/** What the normalisation takes, made of a graph's input. */
type Source = (g: Graph, x: Value) => Value;

/** BatchNormTraining and its gradient for the loss sum(Y * dY). */
async function run(
  { x, scale, shift, dY }: Batch,
  batch: number | string,
  target = portable,
  source: Source = (_, images) => images,
): Promise<Record<string, number[]>> {
  const g = new Graph('batch_norm');
  const inputs = [
    g.input('x', 'float32', [batch, ...x.dims.slice(1)]),
    g.input('scale', 'float32', scale.dims),
    g.input('shift', 'float32', shift.dims),
  ];
  const weights = g.input('dY', 'float32', [batch, ...dY.dims.slice(1)]);
  const taken = [source(g, inputs[0] as Value), ...inputs.slice(1)];
  const [y, mean, variance, inverse] = g.agon('BatchNormTraining', taken, { epsilon: EPSILON }) as Value[];
  const loss = reduceSum(g, mul(g, y as Value, weights), [0, 1, 2, 3]);
  const [dX, dScale, dShift] = gradients(g, loss, inputs) as Value[];
  for (const [name, value] of Object.entries({ y, mean, variance, inverse, dX, dScale, dShift }))
    g.output(name, value as Value);
  const results = await runGraph(g, { x, scale, shift, dY }, target);
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, toNumbers(value)]));
}

/** The same in float64, with the gradient through mean and variance written out. */
function loops(batch: Batch): Record<string, number[]> {
  const { images, channels } = batch;
  const inner = PIXELS[0] * PIXELS[1];
  const count = images * inner;
  const [x, scale, shift, dY] = [batch.x, batch.scale, batch.shift, batch.dY].map(toNumbers) as number[][] as [
    number[],
    number[],
    number[],
    number[],
  ];
  const [y, dX] = [x.map(() => 0), x.map(() => 0)];
  const perChannel = {
    mean: [] as number[],
    variance: [] as number[],
    inverse: [] as number[],
    dScale: [] as number[],
    dShift: [] as number[],
  };
  for (let c = 0; c < channels; c++) {
    const at: number[] = [];
    for (let n = 0; n < images; n++) for (let i = 0; i < inner; i++) at.push((n * channels + c) * inner + i);
    let mean = 0;
    for (const i of at) mean += (x[i] as number) / count;
    let variance = 0;
    for (const i of at) variance += ((x[i] as number) - mean) ** 2 / count;
    const inverse = 1 / Math.sqrt(variance + EPSILON);
    const gain = scale[c] as number;
    let [dScale, dShift] = [0, 0];
    for (const i of at) {
      const normal = ((x[i] as number) - mean) * inverse;
      y[i] = gain * normal + (shift[c] as number);
      dScale += (dY[i] as number) * normal;
      dShift += dY[i] as number;
    }
    for (const i of at) {
      const normal = ((x[i] as number) - mean) * inverse;
      dX[i] = gain * inverse * ((dY[i] as number) - dShift / count - (normal * dScale) / count);
    }
    perChannel.mean.push(mean);
    perChannel.variance.push(variance);
    perChannel.inverse.push(inverse);
    perChannel.dScale.push(dScale);
    perChannel.dShift.push(dShift);
  }
  return { y, dX, ...perChannel };
}

/** The variance as E[x^2] - E[x]^2 in float32: what must not be used here. */
function carelessVariance({ x, images, channels }: Batch): number[] {
  const inner = PIXELS[0] * PIXELS[1];
  const values = toNumbers(x);
  return Array.from({ length: channels }, (_, c) => {
    let [sum, squares] = [0, 0];
    for (let n = 0; n < images; n++) {
      for (let i = 0; i < inner; i++) {
        const value = values[(n * channels + c) * inner + i] as number;
        sum = Math.fround(sum + value);
        squares = Math.fround(squares + Math.fround(value * value));
      }
    }
    const count = images * inner;
    return Math.fround(Math.fround(squares / count) - Math.fround(sum / count) ** 2);
  });
}

function worst(got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(
    ...got.map((value, i) => Math.abs(value - (expected[i] as number)) / Math.max(1, Math.abs(expected[i] as number))),
  );
}

/** float32 keeps 24 bits of x: of a spread 1000 times smaller than the mean 14 are left, a relative 6e-5. */
const CASES = [
  { ratio: 0, y: 2e-6, statistics: 1e-6, gradient: 2e-6 },
  { ratio: 10, y: 1e-5, statistics: 1e-6, gradient: 1e-5 },
  { ratio: 1000, y: 3e-4, statistics: 1e-6, gradient: 3e-4 },
] as const;

describe('BatchNormTraining where |mean| is a multiple of the spread, against float64 loops', () => {
  for (const { ratio, y, statistics, gradient } of CASES) {
    it.each([16, 'N'])(`${ratio} times, batch %s`, async (batchSize) => {
      const batch = batchOf(ratio, 16, 4);
      const [got, expected] = [await run(batch, batchSize), loops(batch)];
      const errors = Object.fromEntries(
        Object.entries(expected).map(([name, values]) => [name, worst(got[name] as number[], values)]),
      );
      expect(new Set(Object.keys(errors))).toEqual(new Set(Object.keys(got)));
      expect(errors.y, 'y').toBeLessThan(y);
      for (const name of ['mean', 'variance', 'inverse']) expect(errors[name], name).toBeLessThan(statistics);
      for (const name of ['dX', 'dScale', 'dShift']) expect(errors[name], name).toBeLessThan(gradient);
    });
  }

  it('1000 times is more than E[x^2] - E[x]^2 can bear', () => {
    const batch = batchOf(1000, 16, 4);
    expect(worst(carelessVariance(batch), loops(batch).variance as number[])).toBeGreaterThan(0.05);
  });
});

/** A convolution with one weight of 1 for each channel, which changes nothing. */
const unchanged = (g: Graph, x: Value, bias: Value | null = null) => {
  const channels = x.shape[1] as number;
  const ones = g.constant(tensor('float32', [channels, 1, 1, 1], new Float32Array(channels).fill(1)));
  return g.op('Conv', bias ? [x, ones, bias] : [x, ones], { group: channels, kernel_shape: [1, 1] });
};

/** The same as a convolution over all channels. */
const unchangedFull = (g: Graph, x: Value) => {
  const channels = x.shape[1] as number;
  const weights = Array.from({ length: channels ** 2 }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
  return g.op('Conv', [x, g.constant(tensor('float32', [channels, channels, 1, 1], weights))], {
    kernel_shape: [1, 1],
  });
};

const SOURCES: Readonly<Record<string, Source>> = {
  'an input': (_, x) => x,
  'a Conv': (g, x) => unchangedFull(g, x),
  'a depthwise Conv': (g, x) => unchanged(g, x),
  'a Conv with a bias': (g, x) => unchanged(g, x, constantLike(g, x, 7)),
  'a Conv that has another reader': (g, x) => {
    const y = unchanged(g, x);
    g.output('reader', g.op('Tanh', [y]));
    return y;
  },
  'a sum with a Conv': (g, x) =>
    g.op('Add', [unchanged(g, g.op('Mul', [x, g.scalar(0.5)])), g.op('Mul', [x, g.scalar(0.5)])]),
};

function constantLike(g: Graph, x: Value, value: number): Value {
  const channels = x.shape[1] as number;
  return g.constant(tensor('float32', [channels], new Float32Array(channels).fill(value)));
}

/** Largest absolute error of y and of dX, by mean / deviation. */
const SHIFTED = [
  { ratio: 0, limit: 2e-5 },
  { ratio: 10, limit: 2e-4 },
  { ratio: 100, limit: 2e-4 },
  { ratio: 1000, limit: 2e-4 },
  { ratio: 5000, limit: 2e-3 },
] as const;

const BATCHES: Readonly<Record<string, (ratio: number) => Batch>> = {
  '16 images': (ratio) => batchOf(ratio, 16, 16, () => 1),
  '3 images': (ratio) => batchOf(ratio, 3, 16, () => 1),
  'channels that fill no block': (ratio) => batchOf(ratio, 16, 28, () => 1),
  'images each with a mean of its own': (ratio) =>
    withMeans(
      batchOf(ratio, 16, 16, () => 1),
      (n) => 3 * n,
    ),
  'a first image unlike the others': (ratio) =>
    withMeans(
      batchOf(ratio, 16, 16, () => 1),
      (n) => (n === 0 ? 400 : 0),
    ),
};

/** Images with something added to each. */
function withMeans(batch: Batch, meanOf: (image: number) => number): Batch {
  const size = batch.x.data.length / batch.images;
  const values = toNumbers(batch.x).map((value, i) => value + meanOf(Math.floor(i / size)));
  return { ...batch, x: tensor('float32', batch.x.dims, values) };
}

const TARGETS = { portable, gpu, ...(block !== undefined && { cpu: cpu(block) }) };

describe('shifted inputs, on every target, against float64 loops', () => {
  for (const [targetName, target] of Object.entries(TARGETS)) {
    for (const [from, source] of Object.entries(SOURCES)) {
      it.each(Object.keys(BATCHES))(`${targetName}, behind ${from}, %s`, async (name) => {
        for (const { ratio, limit } of SHIFTED) {
          const batch = (BATCHES[name] as (ratio: number) => Batch)(ratio);
          const [got, expected] = [await run(batch, batch.images, target, source), loops(batch)];
          for (const each of ['y', 'dX'])
            expect(largestError(got[each], expected[each]), `${each} at ${ratio}`).toBeLessThan(limit);
          for (const each of ['variance', 'inverse'])
            expect(worst(got[each] as number[], expected[each] as number[]), `${each} at ${ratio}`).toBeLessThan(limit);
          // A sum of n terms is sqrt(n) in size
          const size = 2 * Math.sqrt(batch.dY.data.length / batch.channels);
          for (const each of ['dScale', 'dShift'])
            expect(largestError(got[each], expected[each]) / size, `${each} at ${ratio}`).toBeLessThan(limit);
        }
      });
    }
  }
});

function largestError(got: readonly number[] | undefined, expected: readonly number[] | undefined): number {
  return Math.max(...(expected ?? []).map((value, i) => Math.abs(value - (got?.[i] ?? Number.NaN))));
}
