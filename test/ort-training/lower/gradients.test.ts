import { describe, expect, it } from 'vitest';
import { gradients } from '../../../src/autodiff/gradients.js';
import { mul, reduceSum } from '../../../src/graph/arithmetic.js';
import { Graph } from '../../../src/graph/graph.js';
import { inline } from '../../../src/graph/inline.js';
import type { Value } from '../../../src/graph/node/node.js';
import { IR_VERSION, OPSET } from '../../../src/graph/to-model.js';
import { inlineForTraining } from '../../../src/graph/training-form.js';
import { initialiseParameters } from '../../../src/nets/initialise.js';
import { createNetwork } from '../../../src/nets/registry.js';
import { type AttributeProto, AttributeType, type ModelProto } from '../../../src/onnx/model.js';
import { codeOfDtype, type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { hasOrtTraining } from '../../../src/ort-training/session/library.js';
import { stream } from '../../../src/util/random.js';
import { buildCase, filled, sampleCase } from '../../autodiff/case-graph.js';
import { CASES } from '../../autodiff/cases.js';
import { type Feeds, runGraph } from '../../support/run.js';
import { relativeDifference } from '../files/sessions.js';
import { officialForm, runOfficial } from './official.js';

const SEED = 11;
// Both sides compute in float32, in another order; sums here have up to some thousand terms
const TOLERANCE = 2e-5;

/** The official operator that a case's gradient becomes; the others stay plain operators. */
const OFFICIAL: Readonly<Record<string, string>> = {
  Conv: 'ConvGrad',
  MaxPool: 'MaxPoolGrad',
  AveragePool: 'AveragePoolGrad',
  Relu: 'ReluGrad',
  BatchNormTraining: 'BatchNormalizationGrad',
};

describe.skipIf(!hasOrtTraining())(
  'gradients against ONNX Runtime’s own kernels (skipped without ort-training)',
  () => {
    for (const row of CASES) {
      const name = `${row.op}${row.note ? ` (${row.note})` : ''}`;
      it(name, async () => {
        const random = stream(SEED, row.op, row.note ?? '');
        const samples = sampleCase(row, random);
        const { graph } = buildCase(row, random);
        const feeds = Object.fromEntries(samples.map((x, i) => [`x${i}`, x]));
        const { model, operators } = officialForm(graph);
        const known = OFFICIAL[row.op];
        if (known && !isLeftOut(row)) expect(operators).toContain(known);
        compare(
          await runOfficial(model, feeds),
          await runGraph(graph, feeds),
          samples.map((_, i) => `d${i}`),
        );
      });
    }

    it('a block of MobileNetV2, with BatchNormalization, ReLU6 and a depthwise convolution', async () => {
      const network = createNetwork('mobilenet_v2_cifar', { classes: 10, channels: 3, height: 8, width: 8 });
      const last = network.nodes.findIndex(({ name }) => name.startsWith('features.4'));
      const end = network.nodes[last - 1]?.output(0) as Value;
      const block = new Graph('block');
      const copied = inline(withOutput(network, end), block);
      block.output('y', copied.get(end) as Value);
      const parameters = initialiseParameters(network, SEED, 0);
      const random = stream(SEED, 'block');
      const images = filled([4, 3, 8, 8], () => random.normal());
      const g = new Graph('gradients');
      const form = inlineForTraining(block, g, {
        bind: new Map([['images', g.input('images', 'float32', [4, 3, 8, 8])]]),
      });
      const y = form.outputs.get('y') as Value;
      const weights = [...form.weights.values()];
      const loss = reduceSum(
        g,
        mul(g, y, g.constant(filled(y.shape as number[], () => random.normal()))),
        [0, 1, 2, 3],
      );
      const names = gradients(g, loss, weights).flatMap((gradient, i) => {
        if (gradient) g.output(`d:${weights[i]?.name}`, gradient);
        return gradient ? [`d:${weights[i]?.name}`] : [];
      });
      const statistics = new Map(
        block.nodes
          .filter(({ op }) => op === 'BatchNormalization')
          .map((node) => [node.name, { mean: node.input(3).name, variance: node.input(4).name, momentum: 0.9 }]),
      );
      const fed = Object.fromEntries([...g.parameters.keys()].map((name) => [name, parameters.get(name) as Tensor]));
      const feeds: Feeds = { images, ...fed };
      const { model, operators } = officialForm(g, statistics);
      expect(operators).toEqual(expect.arrayContaining(['ConvGrad', 'BatchNormInternal', 'BatchNormalizationGrad']));
      expect(names.length).toBeGreaterThan(20);
      const [official, own] = [await runOfficial(model, feeds), await runGraph(g, feeds)];
      // A shift before the next BatchNormalization has no effect: its gradient is rounding, to be held against the others' size
      const largest = Math.max(...names.flatMap((name) => toNumbers(own[name] as Tensor).map(Math.abs)));
      for (const name of names) {
        const theirs = toNumbers(official[name] as Tensor);
        const difference = Math.max(
          ...toNumbers(own[name] as Tensor).map((x, i) => Math.abs(x - (theirs[i] as number))),
        );
        expect(difference / largest, name).toBeLessThan(TOLERANCE);
      }
    });
  },
);

/** Kernels of gradients that Agon composes of plain operators: fed X or Y, as each takes it. */
const KERNELS = [
  { op: 'Sigmoid', kernel: 'SigmoidGrad', takes: 'y' },
  { op: 'Tanh', kernel: 'TanhGrad', takes: 'y' },
  { op: 'LeakyRelu', kernel: 'LeakyReluGrad', takes: 'y', attributes: { alpha: 0.2 } },
  { op: 'Gelu', kernel: 'GeluGrad', takes: 'x' },
  { op: 'Gelu', kernel: 'FastGeluGrad', takes: 'x', own: { approximate: 'tanh' } },
  { op: 'Softmax', kernel: 'SoftmaxGrad_13', takes: 'y', own: { axis: -1 }, attributes: { axis: -1 } },
  { op: 'LogSoftmax', kernel: 'LogSoftmaxGrad_13', takes: 'y', own: { axis: -1 }, attributes: { axis: -1 } },
] as const;

describe.skipIf(!hasOrtTraining())(
  'composed gradients against ONNX Runtime’s kernels (skipped without ort-training)',
  () => {
    it.each(KERNELS)('$op: $kernel', async ({ op, kernel, takes, ...rest }) => {
      const attributes = 'attributes' in rest ? rest.attributes : {};
      const random = stream(SEED, kernel);
      const shape = [5, 17];
      const [x, dY] = [0, 1].map(() => filled(shape, () => 1.5 * random.normal())) as [Tensor, Tensor];
      const g = new Graph('own');
      const [input, weight] = [g.input('x', 'float32', shape), g.input('dY', 'float32', shape)];
      const y = g.op(op, [input], 'own' in rest ? rest.own : attributes);
      g.output('y', y);
      g.output('dX', gradients(g, reduceSum(g, mul(g, y, weight), [0, 1]), [input])[0] as Value);
      const own = await runGraph(g, { x, dY });
      const operand = takes === 'x' ? x : (own.y as Tensor);
      const official = await runOfficial(kernelModel(kernel, shape, attributes), { dY, operand });
      compare(official, own, ['dX']);
    });

    it('cross-entropy: SoftmaxCrossEntropyLossGrad', async () => {
      const random = stream(SEED, 'cross-entropy');
      const [batch, classes] = [6, 9];
      const logits = filled([batch, classes], () => 2 * random.normal());
      const labels = tensor(
        'int64',
        [batch],
        BigInt64Array.from({ length: batch }, () => BigInt(random.below(classes))),
      );
      const { crossEntropy } = await import('../../../src/losses/cross-entropy.js');
      const { targetDistributions } = await import('../../../src/losses/targets.js');
      const g = new Graph('own');
      const z = g.input('logits', 'float32', [batch, classes]);
      const targets = targetDistributions(g, g.input('labels', 'int64', [batch]), classes);
      const loss = crossEntropy(g, z, targets);
      g.output('loss', loss);
      g.output('dX', gradients(g, loss, [z])[0] as Value);
      const own = await runGraph(g, { logits, labels });
      const official = await runOfficial(crossEntropyModel(batch, classes), {
        logits,
        labels,
        one: tensor('float32', [], [1]),
      });
      expect(toNumbers(official.loss as Tensor)[0]).toBeCloseTo(toNumbers(own.loss as Tensor)[0] as number, 5);
      compare(official, own, ['dX']);
    });
  },
);

function compare(
  official: Readonly<Record<string, Tensor>>,
  own: Readonly<Record<string, Tensor>>,
  names: readonly string[],
): void {
  for (const name of names) {
    const difference = relativeDifference(official[name] as Tensor, own[name] as Tensor);
    expect(difference, `${name}: ${difference}`).toBeLessThan(TOLERANCE);
  }
}

/** A 5-D pooling with overlapping windows, ceil_mode or dilations goes without the kernel of AveragePool. */
function isLeftOut({ op, shapes, attributes = {} }: (typeof CASES)[number]): boolean {
  if (op !== 'AveragePool') return false;
  const dilated = ((attributes.dilations as number[] | undefined) ?? []).some((dilation) => dilation !== 1);
  return attributes.ceil_mode === 1 || dilated || (shapes[0]?.length ?? 0) > 4;
}

/** The part of a network that makes one value. */
function withOutput(network: Graph, end: Value): Graph {
  network.outputs.clear();
  network.output('y', end);
  return network;
}

const info = (name: string, shape: readonly number[], elemType = codeOfDtype('float32')) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
});

function model(graph: Pick<ModelProto['graph'], 'input' | 'output' | 'node'>): ModelProto {
  return {
    irVersion: IR_VERSION,
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: { name: 'kernel', initializer: [], ...graph },
  };
}

/** dX = kernel(dY, operand). */
function kernelModel(
  kernel: string,
  shape: readonly number[],
  attributes: Readonly<Record<string, number>>,
): ModelProto {
  const attribute = Object.entries(attributes).map(([name, value]): AttributeProto => {
    return Number.isInteger(value)
      ? { name, type: AttributeType.INT, i: value }
      : { name, type: AttributeType.FLOAT, f: value };
  });
  return model({
    input: [info('dY', shape), info('operand', shape)],
    output: [info('dX', shape)],
    node: [
      { opType: kernel, domain: 'com.microsoft', name: 'kernel', input: ['dY', 'operand'], output: ['dX'], attribute },
    ],
  });
}

function crossEntropyModel(batch: number, classes: number): ModelProto {
  return model({
    input: [info('logits', [batch, classes]), info('labels', [batch], codeOfDtype('int64')), info('one', [])],
    output: [info('loss', []), info('dX', [batch, classes])],
    node: [
      { opType: 'SoftmaxCrossEntropyLoss', name: 'loss', input: ['logits', 'labels'], output: ['loss', 'log_prob'] },
      {
        opType: 'SoftmaxCrossEntropyLossGrad',
        domain: 'com.microsoft',
        name: 'grad',
        input: ['one', 'log_prob', 'labels'],
        output: ['dX'],
      },
    ],
  });
}
