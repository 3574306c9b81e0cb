import { inferenceGraph } from '../../src/export/inference-graph.js';
import { Graph } from '../../src/graph/graph.js';
import { inOperatorSet } from '../../src/graph/operator-sets.js';
import { toModel } from '../../src/graph/to-model.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { createNetwork } from '../../src/nets/registry.js';
import { encodeModel } from '../../src/onnx/file.js';
import type { ModelProto, NodeProto } from '../../src/onnx/model.js';
import { float32Data, type Tensor, tensor } from '../../src/onnx/tensor.js';
import { fromTensorProto } from '../../src/onnx/tensor-proto.js';
import type { Calibration } from '../../src/quantisation/observe.js';
import { stream } from '../../src/util/random.js';
import { runBytes } from '../graph/support/run.js';

/** A network with weights at random, and statistics of its norms that are not 0 and 1. */
export function networkModel(name: string, side = 16): ModelProto {
  const graph = inferenceGraph(createNetwork(name, { classes: 5, channels: 3, height: side, width: side }));
  const random = stream(5, name);
  const parameters = new Map(
    [...initialiseParameters(graph, 0)].map(([key, value]): [string, Tensor] => {
      const shaken = (least: number) => float32Data(value).map((x) => Math.max(least, x + 0.3 * random.normal()));
      if (/running_mean|\.bias$/.test(key)) return [key, { ...value, data: shaken(Number.NEGATIVE_INFINITY) }];
      return /running_var/.test(key) ? [key, { ...value, data: shaken(0.3) }] : [key, value];
    }),
  );
  return toModel(graph, { parameters });
}

/** Images [count, 3, side, side] of a normal distribution. */
export function imagesOf(count: number, side = 16, seed = 0): Tensor {
  const random = stream(seed, 'images');
  const data = Float32Array.from({ length: count * 3 * side * side }, () => random.normal());
  return tensor('float32', [count, 3, side, side], data);
}

/** The model's output in ONNX Runtime, in the lowest operator set. */
export async function logitsOf(model: ModelProto, images: Tensor): Promise<Float32Array> {
  const results = await runBytes(encodeModel(inOperatorSet(model, 'test')), new Map([['images', images]]));
  return float32Data(results.get('logits') as Tensor);
}

/** Calibration on batches of images. */
export function calibrationOn(...batches: readonly Tensor[]): Calibration {
  return async function* (model) {
    for (const images of batches) {
      yield await runBytes(encodeModel(inOperatorSet(model, 'test')), new Map([['images', images]]));
    }
  };
}

export function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return largest(Array.from(a, (value, i) => value - (b[i] as number)));
}

export const kindsOf = ({ graph }: ModelProto) => graph.node.map(({ opType }) => opType);

export function storedOf({ graph }: ModelProto, name: string): Tensor {
  const proto = graph.initializer.find((each) => each.name === name);
  if (!proto) throw new Error(`no tensor ${name}`);
  return fromTensorProto(proto);
}

export function makerOf({ graph }: ModelProto, name: string): NodeProto {
  const node = graph.node.find(({ output }) => output.includes(name));
  if (!node) throw new Error(`nothing makes ${name}`);
  return node;
}

/** A convolution 1x1 of 2 channels, Relu, pool and a matrix of 3 classes. */
export function smallModel(): ModelProto {
  const g = new Graph('small');
  const x = g.input('images', 'float32', ['N', 3, 4, 4]);
  const parameters = new Map<string, Tensor>();
  const random = stream(1, 'small');
  const add = (name: string, dims: readonly number[]) => {
    const count = dims.reduce((a, b) => a * b);
    parameters.set(
      name,
      tensor(
        'float32',
        dims,
        Float32Array.from({ length: count }, () => random.normal()),
      ),
    );
    return g.parameter(name, dims, { kind: 'constant', value: 0 });
  };
  const conv = g.op('Conv', [x, add('w', [2, 3, 1, 1]), add('b', [2])], { kernel_shape: [1, 1] }, { name: 'conv' });
  const pooled = g.op('GlobalAveragePool', [g.op('Relu', [conv], {}, { name: 'relu' })], {}, { name: 'pool' });
  const flat = g.op('Flatten', [pooled], { axis: 1 }, { name: 'flat' });
  g.output('logits', g.op('Gemm', [flat, add('v', [3, 2]), add('c', [3])], { transB: 1 }, { name: 'gemm' }));
  return toModel(g, { parameters });
}
