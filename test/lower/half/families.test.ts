import { describe, expect, it } from 'vitest';
import { buildStep, METRICS, STEP_DEFAULTS, type StepGraph } from '../../../src/distill/step.js';
import type { Precision } from '../../../src/distill/tuning-schema.js';
import { Graph } from '../../../src/graph/graph.js';
import type { Initialiser } from '../../../src/graph/initialiser.js';
import type { Value } from '../../../src/graph/node/node.js';
import { emulatedHalf, inHalf } from '../../../src/lower/half/half.js';
import { portable } from '../../../src/lower/portable/portable.js';
import type { Target } from '../../../src/lower/target.js';
import { initialiseParameters } from '../../../src/nets/initialise.js';
import { batchNorm, conv, globalPool, linear, ZEROS } from '../../../src/nets/layers.js';
import { createNetwork, type NetworkSpec } from '../../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { stream } from '../../../src/util/random.js';
import { openGraph } from '../../support/run.js';

const [SIZE, BATCH, CLASSES] = [16, 16, 5];
/** A small network of every family. */
const FAMILIES: readonly (readonly [string, NetworkSpec])[] = [
  ['resnet-cifar', { family: 'resnet-cifar', blocks_per_stage: 1, widths: [8, 16] }],
  ['wide-resnet', { family: 'wide-resnet', depth: 10, widen_factor: 1, dropout: 0.3 }],
  ['resnet', { family: 'resnet', block: 'bottleneck', blocks: [1, 1], width: 8, stem: 'imagenet' }],
  [
    'mobilenetv2',
    {
      family: 'mobilenetv2',
      settings_t_c_n_s: [
        [1, 8, 1, 1],
        [4, 16, 2, 2],
      ],
      stem: 8,
      stem_stride: 1,
      last: 32,
      dropout: 0,
    },
  ],
  ['mobilenetv3', 'mobilenet_v3_small_cifar' as unknown as NetworkSpec],
];
/** Of the length of all gradients of a network, by how much those of float16 may be off: nearly all of it is masks that flip on a kink. */
const TOLERANCE = 0.12;
/** Where there is no kink. */
const SMOOTH = 6e-3;

function networkOf(spec: NetworkSpec): Graph {
  return createNetwork(spec, { classes: CLASSES, channels: 3, height: SIZE, width: SIZE });
}

/** Convolutions, normalisation, a residual, averages: nothing with a kink. */
function smooth(head?: Initialiser): Graph {
  const g = new Graph('smooth');
  const images = g.input('images', 'float32', ['N', 3, SIZE, SIZE]);
  const layer = (name: string, x: Value, channels: number) =>
    g.op('Tanh', [batchNorm(g, `${name}.bn`, conv(g, name, x, { channels }))]);
  const first = layer('conv1', images, 8);
  const pooled = g.op('AveragePool', [first], { kernel_shape: [2, 2], strides: [2, 2] });
  const features = g.op('Add', [pooled, g.op('Sigmoid', [layer('conv2', pooled, 8)])]);
  const flat = globalPool(g, 'pool', features);
  const weight = head ?? { kind: 'normal', std: 0.3 };
  g.output('logits', linear(g, 'fc', flat, CLASSES, { weight, bias: ZEROS }));
  g.output('features', features);
  return g;
}

const ofSize = (shape: readonly unknown[]) => shape.reduce<number>((n, dim) => n * Number(dim), 1);

/** What a step of two such networks puts out; all that it is fed but weights, images and labels is 0.5, or what it begins with. */
async function stepOf(network: Graph, precision: Precision, target: Target, { scale = 4096, beta = 0.1 } = {}) {
  const settings = { ...STEP_DEFAULTS, precision, beta, rule: 'all' as const };
  const step = buildStep([network, network], settings, { batch: BATCH, exposeGradients: true });
  for (const name of [...step.graph.outputs.keys()]) if (name.endsWith('.next')) step.graph.outputs.delete(name);
  const session = await openGraph(step.graph, target);
  const results = await session.run(feedsOf(step, network, scale));
  await session.close();
  return results;
}

function feedsOf({ graph }: StepGraph, network: Graph, scale: number): Record<string, Tensor> {
  const random = stream(1, 'images');
  const constant = (shape: readonly unknown[], value: number) =>
    tensor('float32', shape as number[], new Float32Array(ofSize(shape)).fill(value));
  const parameters = [...graph.parameters].map(([name, { value }]) => [name, constant(value.shape, 0)] as const);
  const weights = [0, 1].flatMap((i) =>
    [...initialiseParameters(network, 3, i)].map(([name, value]) => [`net${i}.${name}`, value] as const),
  );
  return {
    ...Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, constant(shape, 0.5)])),
    ...Object.fromEntries(parameters),
    ...Object.fromEntries(weights),
    ...Object.fromEntries(
      [0, 1].flatMap((i) => {
        const name = `net${i}.loss_scale`;
        return graph.parameters.has(name) ? [[name, constant([], scale)]] : [];
      }),
    ),
    images: tensor(
      'float32',
      [BATCH, 3, SIZE, SIZE],
      Float32Array.from({ length: BATCH * 3 * SIZE * SIZE }, () => random.normal()),
    ),
    labels: tensor(
      'int64',
      [BATCH],
      Array.from({ length: BATCH }, (_, i) => i % CLASSES),
    ),
  };
}

/** The length of the difference of all gradients over that of the expected ones. */
function gradientError(expected: Record<string, Tensor>, got: Record<string, Tensor>): number {
  let [difference, length] = [0, 0];
  for (const [name, value] of Object.entries(expected)) {
    if (!name.endsWith('.grad')) continue;
    const own = toNumbers(got[name] as Tensor);
    toNumbers(value).forEach((x, i) => {
      difference += (x - (own[i] as number)) ** 2;
      length += x * x;
    });
  }
  return Math.sqrt(difference / length);
}

describe('a step in float16', () => {
  it.each(FAMILIES)('has the gradients of float32 but for rounding and flipped kinks: %s', async (_, spec) => {
    const network = networkOf(spec);
    const single = await stepOf(network, 'float32', portable);
    const half = await stepOf(network, 'float16', emulatedHalf);
    expect(toNumbers(half.overflowed as Tensor)).toEqual([0, 0]);
    for (const name of METRICS.filter((each) => each !== 'accuracy')) {
      const expected = toNumbers(single[name] as Tensor);
      toNumbers(half[name] as Tensor).forEach((value, i) => {
        expect(Math.abs(value - (expected[i] as number)), name).toBeLessThan(2e-3);
      });
    }
    const error = gradientError(single, half);
    expect(error).toBeLessThan(TOLERANCE);
    expect(error).toBeGreaterThan(1e-5);
  });

  it.each(FAMILIES)('is a graph that ONNX Runtime takes, float16 in it: %s', async (_, spec) => {
    const network = networkOf(spec);
    const single = await stepOf(network, 'float32', portable);
    const half = await stepOf(network, 'float16', inHalf(portable));
    expect(gradientError(single, half)).toBeLessThan(TOLERANCE);
  });

  it('has close gradients where there is no kink', async () => {
    const single = await stepOf(smooth(), 'float32', portable);
    expect(gradientError(single, await stepOf(smooth(), 'float16', emulatedHalf))).toBeLessThan(SMOOTH);
  });

  it('has small gradients thanks to loss scaling alone', async () => {
    // Gradients of features: about 0.1 / 16 of a logit, times 1e-4, over 64 positions: 1e-8, where float16 ends at 6e-8
    const faint = smooth({ kind: 'uniform', bound: 1e-4 });
    const single = await stepOf(faint, 'float32', portable, { beta: 0 });
    const isConvs = (name: string) => /conv\d\.weight\.grad$/.test(name);
    const ofConvs = (results: Record<string, Tensor>) =>
      Object.fromEntries(Object.entries(results).filter(([name]) => isConvs(name)));
    const scaled = await stepOf(faint, 'float16', emulatedHalf, { scale: 65536, beta: 0 });
    expect(gradientError(ofConvs(single), ofConvs(scaled))).toBeLessThan(0.02);
    const unscaled = ofConvs(await stepOf(faint, 'float16', emulatedHalf, { scale: 1, beta: 0 }));
    expect(Object.values(unscaled)).toHaveLength(4);
    expect(Object.values(unscaled).every((each) => toNumbers(each).every((x) => x === 0))).toBe(true);
  });
});
