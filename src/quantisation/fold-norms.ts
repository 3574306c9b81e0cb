import type { ModelProto, NodeProto, TensorProto } from '../onnx/model.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import { toTensorProto } from '../onnx/tensor-proto.js';
import { at } from '../util/checked.js';
import { attributeOf, readsOf, storedFloats, storedIn } from './nodes.js';

/** ONNX's default. */
const EPSILON = 1e-5;

/** A convolution with weights and bias that do what a normalisation behind it did. */
interface Folded {
  readonly node: NodeProto;
  readonly tensors: readonly TensorProto[];
}

/**
 * A model whose BatchNormalizations (in inference form) are folded into the convolutions in front of them: weights times
 * s = scale / sqrt(variance + epsilon), bias (b - mean) * s + shift, computed in float64. One that follows something else stays.
 */
export function withFoldedNorms(model: ModelProto): ModelProto {
  const { graph } = model;
  const folded = foldedNorms(model);
  const gone = new Set([...folded.keys()].map((norm) => at(norm.input, 0)));
  const node = graph.node.flatMap((each) => {
    const own = folded.get(each);
    if (own) return [own.node];
    return gone.has(each.output[0] ?? '') ? [] : [each];
  });
  const added = [...folded.values()].flatMap(({ tensors }) => tensors);
  const needed = new Set([...node.flatMap(({ input }) => input), ...graph.output.map(({ name }) => name)]);
  const initializer = [...graph.initializer, ...added].filter(({ name }) => needed.has(name ?? ''));
  return { ...model, graph: { ...graph, node, initializer } };
}

function foldedNorms({ graph }: ModelProto): Map<NodeProto, Folded> {
  const stored = storedIn(graph);
  const reads = readsOf(graph);
  const producers = new Map(graph.node.map((node) => [at(node.output, 0), node]));
  const folded = new Map<NodeProto, Folded>();
  for (const norm of graph.node) {
    const value = norm.input[0] ?? '';
    const conv = producers.get(value);
    if (norm.opType !== 'BatchNormalization' || conv?.opType !== 'Conv' || reads.get(value) !== 1) continue;
    const own = fold(conv, norm, stored);
    if (own) folded.set(norm, own);
  }
  return folded;
}

function fold(conv: NodeProto, norm: NodeProto, stored: ReadonlyMap<string, TensorProto>): Folded | undefined {
  const floats = (name?: string) => storedFloats(stored, name);
  const weights = floats(conv.input[1]);
  const bias = conv.input[2] ? floats(conv.input[2]) : null;
  const [scale, shift, mean, variance] = norm.input.slice(1).map(floats);
  if (!weights || bias === undefined || !scale || !shift || !mean || !variance) return undefined;
  const epsilon = attributeOf(norm, 'epsilon')?.f ?? EPSILON;
  const factors = Float64Array.from(scale.data, (own, k) => own / Math.sqrt(at(variance.data, k) + epsilon));
  const biases = Float32Array.from(factors, (s, k) => {
    return ((bias ? at(bias.data, k) : 0) - at(mean.data, k)) * s + at(shift.data, k);
  });
  const output = at(norm.output, 0);
  const names = [`${output}/weight`, `${output}/bias`] as const;
  return {
    node: { ...conv, name: conv.name ?? output, input: [conv.input[0] ?? '', ...names], output: [output] },
    tensors: [
      toTensorProto(names[0], timesChannels(weights, factors)),
      toTensorProto(names[1], tensor('float32', [biases.length], biases)),
    ],
  };
}

/** Each output channel of weights [K, ...] times its factor. */
function timesChannels({ dims, data }: Tensor<'float32'>, factors: Float64Array): Tensor<'float32'> {
  const length = data.length / factors.length;
  return { dtype: 'float32', dims, data: data.map((value, i) => value * at(factors, Math.floor(i / length))) };
}
