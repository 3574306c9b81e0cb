import type { ModelProto, NodeProto, TensorProto } from '../../src/onnx/model.js';
import { tensor, toNumbers } from '../../src/onnx/tensor.js';
import { fromTensorProto, toTensorProto } from '../../src/onnx/tensor-proto.js';
import { present } from '../../src/util/error.js';

/** The model as exporters for inference write it: each BatchNormalization behind a convolution is in that one's weights and bias. */
export function folded(model: ModelProto): ModelProto {
  const { graph } = model;
  const weights = new Map(graph.initializer.map((proto) => [proto.name ?? '', fromTensorProto(proto)]));
  const numbers = (name: string | undefined) => toNumbers(present(weights.get(name ?? ''), name ?? ''));
  const protos = new Map<string, TensorProto>(graph.initializer.map((proto) => [proto.name ?? '', proto]));
  const node: NodeProto[] = [];
  for (const each of graph.node) {
    const at = node.findIndex(({ opType, output }) => opType === 'Conv' && output[0] === each.input[0]);
    const conv = node[at];
    if (each.opType !== 'BatchNormalization' || !conv) {
      node.push(each);
      continue;
    }
    const [scale, shift, mean, variance] = each.input.slice(1).map(numbers) as [number[], number[], number[], number[]];
    const epsilon = each.attribute?.find(({ name }) => name === 'epsilon')?.f ?? 1e-5;
    const kernel = conv.input[1] as string;
    const { dims } = present(weights.get(kernel), kernel);
    const old = numbers(kernel);
    const bias = conv.input[2] ? numbers(conv.input[2]) : scale.map(() => 0);
    const factor = scale.map((s, k) => s / Math.sqrt((variance[k] as number) + epsilon));
    const area = old.length / scale.length;
    const kernels = old.map((w, i) => w * (factor[Math.floor(i / area)] as number));
    const biases = factor.map((f, k) => (shift[k] as number) + ((bias[k] as number) - (mean[k] as number)) * f);
    protos.set(kernel, toTensorProto(kernel, tensor('float32', dims, kernels)));
    protos.set(`${kernel}.folded`, toTensorProto(`${kernel}.folded`, tensor('float32', [scale.length], biases)));
    for (const name of each.input.slice(1)) protos.delete(name);
    node[at] = { ...conv, input: [...conv.input.slice(0, 2), `${kernel}.folded`], output: each.output };
  }
  // Of what is within, the network's own input alone is described still
  const valueInfo = graph.valueInfo?.filter(({ name }) => name === 'images') ?? [];
  return { ...model, graph: { ...graph, node, initializer: [...protos.values()], valueInfo } };
}
