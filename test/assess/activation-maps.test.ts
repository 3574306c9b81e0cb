import { describe, expect, it } from 'vitest';
import { activationMaps } from '../../src/assess/activation-maps.js';
import { linearHeadOf } from '../../src/assess/linear-head.js';
import { normalisationTable, type Preprocessing, writeNormalised } from '../../src/data/image/preprocess.js';
import { networkPrefix } from '../../src/distill/names.js';
import { Graph } from '../../src/graph/graph.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { ZEROS } from '../../src/nets/layers.js';
import { createNetwork } from '../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { stream } from '../../src/util/random.js';
import { randomPixels } from '../data/helpers.js';
import { forward } from '../nets/networks.js';
import { MOBILENET, RESNET } from '../run/runs.js';

const [CHANNELS, SIDE, CLASSES] = [3, 16, 5] as const;
const preprocessing: Preprocessing = {
  height: SIDE,
  width: SIDE,
  channels: CHANNELS,
  mean: [0.4, 0.5, 0.6],
  std: [0.2, 0.3, 0.25],
  resize: { height: SIDE, width: SIDE },
};
const input = { classes: CLASSES, channels: CHANNELS, height: SIDE, width: SIDE };
/** More than are sent through a network together. */
const pictures = Array.from({ length: 10 }, (_, i) => randomPixels(SIDE, SIDE, CHANNELS, i));

/** A convolution, and a head of other nodes than the zoo's. */
function custom(head: (graph: Graph, map: ReturnType<Graph['op']>) => ReturnType<Graph['op']>): Graph {
  const graph = new Graph('custom');
  const images = graph.input('images', 'float32', ['N', CHANNELS, SIDE, SIDE]);
  const weight = graph.parameter('conv.weight', [6, CHANNELS, 3, 3], { kind: 'normal', std: 0.3 });
  const map = graph.op('Conv', [images, weight], { kernel_shape: [3, 3], strides: [4, 4] });
  graph.output('logits', head(graph, map));
  return graph;
}

const perClass = (graph: Graph) => graph.parameter('fc.bias', [CLASSES], ZEROS);
const perChannel = (graph: Graph) => graph.parameter('fc.weight', [6, CLASSES], { kind: 'normal', std: 0.5 });

const byMatMul = custom((graph, map) => {
  const mean = graph.op('ReduceMean', [map, graph.integers([-2, -1])], { keepdims: 0 });
  return graph.op('Add', [graph.op('MatMul', [mean, perChannel(graph)]), perClass(graph)]);
});
const byGemm = custom((graph, map) => {
  const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [map])]);
  return graph.op('Gemm', [flat, perChannel(graph), perClass(graph)]);
});

/** Values for all parameters, with biases that are not 0. */
function valuesOf(graph: Graph): Map<string, Tensor> {
  const random = stream(4, 'biases');
  return new Map(
    [...initialiseParameters(graph, 9)].map(([name, value]) => {
      if (!name.endsWith('bias')) return [name, value];
      return [
        name,
        tensor(
          'float32',
          value.dims,
          Array.from({ length: value.data.length }, () => random.normal()),
        ),
      ];
    }),
  );
}

async function logitsOf(graph: Graph, values: ReadonlyMap<string, Tensor>): Promise<number[][]> {
  const images = new Float32Array(pictures.length * CHANNELS * SIDE * SIDE);
  for (const [i, pixels] of pictures.entries())
    writeNormalised(pixels, normalisationTable(preprocessing), images, i * CHANNELS * SIDE * SIDE);
  const { logits } = await forward(graph, values, tensor('float32', [pictures.length, CHANNELS, SIDE, SIDE], images));
  return pictures.map((_, i) => [...logits.data.subarray(i * CLASSES, (i + 1) * CLASSES)]);
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('class activation maps', () => {
  it.each([
    ['resnet-cifar', createNetwork(RESNET as never, input), 'fc.bias'],
    ['mobilenetv2', createNetwork(MOBILENET as never, input), 'classifier.1.bias'],
    ['wide-resnet', createNetwork('wrn_16_2', input), 'fc.bias'],
    ['a mean and a matrix product', byMatMul, 'fc.bias'],
    ['a pooling and a Gemm of the weights as they are', byGemm, 'fc.bias'],
  ])('have the logit as their mean, but for the bias: %s', async (_, graph, biasName) => {
    const values = valuesOf(graph);
    const state = new Map([...values].map(([name, value]) => [networkPrefix(0) + name, value]));
    const [mapOf] = await activationMaps({ graphs: [graph] }, state, pictures, { preprocessing, device: CPU });
    const bias = toNumbers(values.get(biasName) as Tensor);
    const expected = await logitsOf(graph, values);
    for (const [i, logits] of expected.entries()) {
      const largest = Math.max(...logits.map(Math.abs));
      for (const [c, logit] of logits.entries()) {
        const map = mapOf?.(i, c);
        expect(map?.values.length).toBe((map?.height ?? 0) * (map?.width ?? 0));
        expect(map?.height).toBeGreaterThan(1);
        expect(Math.abs(mean(map?.values ?? []) + (bias[c] as number) - logit) / largest).toBeLessThan(1e-5);
      }
    }
  });

  it('are of each network of a group by itself', async () => {
    const graphs = [byGemm, createNetwork('mobilenet_v3_small_cifar', input), byMatMul, byGemm];
    const state = new Map(
      graphs.flatMap((graph, i) => [...valuesOf(graph)].map(([name, value]) => [networkPrefix(i) + name, value])),
    );
    const maps = await activationMaps({ graphs }, state, pictures.slice(0, 1), { preprocessing, device: CPU });
    expect(maps.map((mapOf) => mapOf !== undefined)).toEqual([true, false, true, true]);
    const [first, , , last] = maps.map((mapOf) => mapOf?.(0, 2).values);
    expect(first).toEqual(last);
  });
});

describe('a network', () => {
  it.each([
    ['with a layer between pooling and the last', createNetwork('mobilenet_v3_small_cifar', input)],
    [
      'that takes the largest of a map',
      custom((graph, map) => {
        const flat = graph.op('Flatten', [graph.op('GlobalMaxPool', [map])]);
        return graph.op('Gemm', [flat, perChannel(graph), perClass(graph)]);
      }),
    ],
    [
      'that means over channels',
      custom((graph, map) => {
        const rows = graph.op('Flatten', [graph.op('ReduceMean', [map, graph.integers([1, 2])], { keepdims: 0 })]);
        const weight = graph.parameter('fc.weight', [4, CLASSES], { kind: 'normal', std: 0.5 });
        return graph.op('Gemm', [rows, weight, perClass(graph)]);
      }),
    ],
    [
      'with an activation after its layer',
      custom((graph, map) => {
        const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [map])]);
        return graph.op('Relu', [graph.op('Gemm', [flat, perChannel(graph), perClass(graph)])]);
      }),
    ],
    [
      'with a scale in its layer',
      custom((graph, map) => {
        const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [map])]);
        return graph.op('Gemm', [flat, perChannel(graph), perClass(graph)], { alpha: 0.5 });
      }),
    ],
  ])('%s has no exact maps', (_, graph) => {
    expect(linearHeadOf(graph)).toBeUndefined();
  });
});
