import { afterEach, describe, expect, it } from 'vitest';
import { mul } from '../../../src/graph/arithmetic.js';
import { Graph } from '../../../src/graph/graph.js';
import { NCHWC, type Value } from '../../../src/graph/node/node.js';
import { cpu } from '../../../src/lower/cpu/cpu.js';
import { lower } from '../../../src/lower/lower.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { blockSize } from '../../../src/runtime/block-size.js';
import { CPU } from '../../../src/runtime/device.js';
import { stream } from '../../../src/util/random.js';
import { type Feeds, openGraph } from '../../support/run.js';

const block = await blockSize(CPU);
const sessions: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

interface ConvCase {
  readonly note: string;
  /** [N, C, H, W]. */
  readonly x: readonly [number, number, number, number];
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly group: number;
}

const conv = (
  note: string,
  x: ConvCase['x'],
  outputs: number,
  kernel: number,
  stride: number,
  pad: number,
  group = 1,
): ConvCase => {
  return { note, x, outputs, kernel, stride, pad, group };
};

const CASES: readonly ConvCase[] = [
  conv('3x3', [4, 16, 8, 8], 16, 3, 1, 1),
  conv('3x3, unlike sides', [3, 16, 9, 6], 32, 3, 1, 1),
  conv('3x3 stride 2', [4, 16, 8, 8], 32, 3, 2, 1),
  conv('3x3 stride 2, odd sides', [4, 16, 9, 7], 32, 3, 2, 1),
  conv('3x3 stride 3 without padding', [2, 16, 9, 9], 16, 3, 3, 0),
  conv('5x5 stride 2', [2, 16, 12, 12], 16, 5, 2, 2),
  conv('7x7 stride 2', [2, 16, 14, 14], 16, 7, 2, 3),
  conv('5x5', [2, 16, 12, 12], 16, 5, 1, 2),
  conv('1x1', [4, 16, 8, 8], 32, 1, 1, 0),
  conv('1x1 to fewer channels', [4, 32, 8, 8], 16, 1, 1, 0),
  conv('1x1 stride 2', [4, 16, 8, 8], 32, 1, 2, 0),
  conv('3x3, images added up in groups', [16, 16, 6, 6], 32, 3, 1, 1),
  conv('3x3, a batch of no whole blocks', [20, 16, 5, 5], 16, 3, 1, 1),
  conv('3x3 of an image', [4, 3, 8, 8], 16, 3, 1, 1),
  conv('7x7 stride 2 of an image', [16, 3, 14, 14], 32, 7, 2, 3),
  conv('2x2 stride 2 with a column left over', [4, 16, 9, 9], 16, 2, 2, 0),
  conv('depthwise', [4, 16, 9, 9], 16, 3, 1, 1, 16),
  conv('depthwise stride 2', [4, 16, 8, 8], 16, 3, 2, 1, 16),
  conv('depthwise 5x5 stride 2', [2, 16, 12, 12], 16, 5, 2, 2, 16),
  conv('3x3, channels that fill no block', [4, 12, 8, 8], 28, 3, 1, 1),
  conv('3x3 stride 2, channels that fill no block', [16, 28, 8, 8], 12, 3, 2, 1),
  conv('1x1 stride 2, channels that fill no block', [16, 12, 8, 8], 28, 1, 2, 0),
  conv('depthwise, channels that fill no block', [4, 28, 9, 9], 28, 3, 1, 1, 28),
  conv('depthwise stride 2, channels that fill no block', [4, 12, 8, 8], 12, 3, 2, 1, 12),
  conv('depthwise, odd sides', [3, 16, 7, 9], 16, 3, 2, 1, 16),
];

/** Each form of every computation that has several, as often as a choice is offered. */
const WHICH_FORM = [0, 1, 2];

describe.skipIf(block === undefined)(
  'the blocked layout against the portable form (skipped where ONNX Runtime has none)',
  () => {
    for (const row of CASES) {
      it.each(WHICH_FORM)(`gradients of Conv ${row.note}, form %i of each`, async (which) => {
        const g = convGraph(row);
        const target = cpu(block as number, ({ forms }) => Object.keys(forms)[which]);
        await expectEqual(g, target, { x: random(row.x), w: random(weights(row)), e: random([row.x[1], 1, 1, 1]) });
      });
    }

    it('normalisation, residual and ReLU merge, and their gradients agree', async () => {
      const g = blockGraph('Relu');
      await expectEqual(g, cpu(block as number), blockFeeds());
      const ragged = blockGraph('Relu', 28);
      await expectEqual(ragged, cpu(block as number), blockFeeds(28));
      expect(lower(ragged, cpu(block as number)).nodes.filter(({ op }) => op === 'BatchNormalization')).toEqual([]);
      const nodes = lower(g, cpu(block as number)).nodes;
      expect(nodes.filter(({ op }) => op === 'Relu' || op === 'BatchNormalization').map(({ op }) => op)).toEqual([
        'Relu',
      ]);
      expect(nodes.some((node) => node.domain === NCHWC && node.string('activation', '') === 'Relu')).toBe(true);
    });

    it.each([16, 28])(
      'the gradient of a normalisation of %i channels goes through convolutions up to a factor',
      async (channels) => {
        const g = normalisedGraph(channels);
        // Channels with no gradient, with no weight, and with both
        const kept = tensor(
          'float32',
          [1, channels, 1, 1],
          Array.from({ length: channels }, (_, c) => (c === 3 || c === 5 ? 0 : 1)),
        );
        const weight = random([channels]);
        for (const c of [4, 5]) (weight.data as Float32Array)[c] = 0;
        const feeds = {
          x: random([16, channels, 6, 5]),
          w: random([channels, channels, 3, 3]),
          weight,
          bias: random([channels]),
          kept,
        };
        await expectEqual(g, cpu(block as number), { ...feeds, e: random([channels, 1, 1, 1]) });
        const scaled = lower(g, cpu(block as number)).nodes.filter(({ name }) =>
          name.includes('BatchNormTrainingGrad'),
        );
        expect(scaled.filter(({ op, inputs }) => op === 'Conv' && inputs.length === 4).length).toBe(1);
      },
    );

    it('ReLU6 merges as well', () => expectEqual(blockGraph('Clip'), cpu(block as number), blockFeeds()));

    it.each([
      ['3x3 stride 2', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      ['2x2', { kernel_shape: [2, 2], strides: [2, 2] }],
      ['3x3 stride 3, last row unread', { kernel_shape: [3, 3], strides: [3, 3], ceil_mode: 0 }],
      ['3x3 stride 2, ceil_mode', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
      ['3x3', { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] }],
      ['5x4 stride 2, more padding after', { kernel_shape: [5, 4], strides: [2, 2], pads: [1, 1, 2, 1] }],
      ['1x3 stride 1x2', { kernel_shape: [1, 3], strides: [1, 2], pads: [0, 1, 0, 1] }],
    ])('MaxPool %s and its gradient, with equal maxima, also below zero', async (_, attributes) => {
      const g = new Graph('pool');
      const [x, e] = [g.input('x', 'float32', [2, 16, 10, 8]), g.input('e', 'float32', [16, 1, 1, 1])];
      const own = g.op('Conv', [x, e], { group: 16, kernel_shape: [1, 1] });
      const y = g.op('MaxPool', [own], attributes);
      const place = g.constant(random(y.shape as number[]));
      g.output('y', y);
      g.output('dX', g.agon('MaxPoolGrad', [mul(g, place, y), own, y], attributes)[0] as Value);
      const [fine, e16] = [random([2, 16, 10, 8]), random([16, 1, 1, 1])];
      const coarse = (fine.data as Float32Array).map((value) => Math.round(4 * value) / 4);
      await expectEqual(g, cpu(block as number), { x: tensor('float32', fine.dims, coarse), e: e16 });
    });

    it('global average pooling of channels that fill no block, and its gradient', async () => {
      const g = new Graph('average');
      const [x, e] = [g.input('x', 'float32', [2, 28, 5, 4]), g.input('e', 'float32', [28, 1, 1, 1])];
      const own = g.op('Conv', [x, e], { group: 28, kernel_shape: [1, 1] });
      const y = g.op('GlobalAveragePool', [own]);
      const spread = g.op('Expand', [y, g.integers([2, 28, 5, 4])]);
      g.output('y', y);
      g.output('product', mul(g, spread, own));
      await expectEqual(g, cpu(block as number), { x: random([2, 28, 5, 4]), e: random([28, 1, 1, 1]) });
    });

    it('statistics keep their digits where the mean is some deviations away from zero', async () => {
      const feeds = blockFeeds();
      const shifted = tensor(
        'float32',
        feeds.x.dims,
        (feeds.x.data as Float32Array).map((value) => value + 3),
      );
      await expectEqual(blockGraph('Relu'), cpu(block as number), { ...feeds, x: shifted }, 1e-4);
    });
  },
);

/** y = conv(e * x), with gradients for a fixed function of y; the depthwise product brings x into the blocked layout. */
function convGraph(row: ConvCase): Graph {
  const g = new Graph('conv');
  const [, channels, height, width] = row.x;
  const x = g.input('x', 'float32', row.x);
  const w = g.input('w', 'float32', weights(row));
  const e = g.input('e', 'float32', [channels, 1, 1, 1]);
  const own = g.op('Conv', [x, e], { group: channels, kernel_shape: [1, 1] });
  const attributes = {
    kernel_shape: [row.kernel, row.kernel],
    strides: [row.stride, row.stride],
    dilations: [1, 1],
    pads: [row.pad, row.pad, row.pad, row.pad],
    group: row.group,
  };
  const y = g.op('Conv', [own, w], attributes);
  const dY = g.op('Tanh', [y]);
  g.output('y', y);
  g.output('dX', g.agon('ConvInputGrad', [dY, w], { ...attributes, input_size: [height, width] })[0] as Value);
  g.output('dW', g.agon('ConvWeightGrad', [own, dY], attributes)[0] as Value);
  return g;
}

/** relu(batchNorm(conv(x)) + conv(x)) and what flows back through it. */
function blockGraph(activation: 'Relu' | 'Clip', channels = 16): Graph {
  const g = new Graph('block');
  const x = g.input('x', 'float32', [4, channels, 6, 5]);
  const [weight, bias] = [g.input('weight', 'float32', [channels]), g.input('bias', 'float32', [channels])];
  const e = g.input('e', 'float32', [channels, 1, 1, 1]);
  const own = g.op('Conv', [x, e], { group: channels, kernel_shape: [1, 1] });
  const [normal, mean, variance, inverse] = g.agon('BatchNormTraining', [own, weight, bias], { epsilon: 1e-5 });
  const sum = g.op('Add', [normal as Value, own]);
  const y = activation === 'Relu' ? g.op('Relu', [sum]) : g.op('Clip', [sum, g.scalar(0), g.scalar(1.5)]);
  const slope = mul(g, y, y);
  const bounds = { min: { float: 0 }, max: { float: 1.5 } };
  const dSum = activation === 'Relu' ? g.agon('ReluGrad', [slope, y]) : g.agon('ClipGrad', [slope, y], bounds);
  const grads = g.agon('BatchNormTrainingGrad', [dSum[0] as Value, own, weight, mean as Value, inverse as Value]);
  Object.entries({ y, mean, variance, dX: grads[0], dScale: grads[1], dBias: grads[2] }).forEach(([name, value]) => {
    g.output(name, value as Value);
  });
  return g;
}

/** What flows back through y = batchNorm(conv(x)) into x and the convolution's weights. */
function normalisedGraph(channels: number): Graph {
  const g = new Graph('normalised');
  const [x, w] = [g.input('x', 'float32', [16, channels, 6, 5]), g.input('w', 'float32', [channels, channels, 3, 3])];
  const [weight, bias] = [g.input('weight', 'float32', [channels]), g.input('bias', 'float32', [channels])];
  const [e, kept] = [g.input('e', 'float32', [channels, 1, 1, 1]), g.input('kept', 'float32', [1, channels, 1, 1])];
  const own = g.op('Conv', [x, e], { group: channels, kernel_shape: [1, 1] });
  const attributes = { kernel_shape: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], group: 1 };
  const convolved = g.op('Conv', [own, w], attributes);
  const [y, mean, , inverse] = g.agon('BatchNormTraining', [convolved, weight, bias], { epsilon: 1e-5 });
  const dY = mul(g, g.op('Tanh', [y as Value]), kept);
  const grads = g.agon('BatchNormTrainingGrad', [dY, convolved, weight, mean as Value, inverse as Value]);
  const dConv = grads[0] as Value;
  g.output('dX', g.agon('ConvInputGrad', [dConv, w], { ...attributes, input_size: [6, 5] })[0] as Value);
  g.output('dW', g.agon('ConvWeightGrad', [own, dConv], attributes)[0] as Value);
  return g;
}

function blockFeeds(channels = 16): { x: Tensor } & Feeds {
  const x = random([4, channels, 6, 5]);
  return { x, weight: random([channels]), bias: random([channels]), e: random([channels, 1, 1, 1]) };
}

async function expectEqual(g: Graph, target: ReturnType<typeof cpu>, feeds: Feeds, tolerance = 2e-5): Promise<void> {
  const [reference, blocked] = [await openGraph(g), await openGraph(g, target)];
  sessions.push(reference, blocked);
  const [expected, got] = [await reference.run(feeds), await blocked.run(feeds)];
  for (const [name, value] of Object.entries(expected)) {
    const [a, b] = [toNumbers(value), toNumbers(got[name] as Tensor)];
    const largest = Math.max(...a.map(Math.abs));
    const difference = Math.max(...a.map((each, i) => Math.abs(each - (b[i] ?? Number.NaN))));
    expect(difference / largest, name).toBeLessThan(tolerance);
  }
}

function weights({ x, outputs, kernel, group }: ConvCase): number[] {
  return [outputs, x[1] / group, kernel, kernel];
}

function random(dims: readonly number[]): Tensor {
  const numbers = stream(11, 'cpu', dims.join('x'));
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: elementCount(dims) }, () => numbers.uniform() - 0.4),
  );
}
