import { decodeBfloat, decodeHalf } from '../onnx/half.js';
import { mapTensors } from '../onnx/map-tensors.js';
import type { ModelProto, NodeProto, TensorProto, ValueInfoProto } from '../onnx/model.js';
import { codeOfDtype, type Tensor } from '../onnx/tensor.js';
import { fromTensorProto, toTensorProto } from '../onnx/tensor-proto.js';

const HALVES: readonly number[] = [codeOfDtype('float16'), codeOfDtype('bfloat16')];
const SINGLE = codeOfDtype('float32');

/** A model of 16-bit floats as the same one of float32, which Agon computes in; any other model is returned as it is. */
export function inSinglePrecision(model: ModelProto): ModelProto {
  const { graph } = model;
  const isHalf = ({ type }: ValueInfoProto) => HALVES.includes(type?.tensorType?.elemType ?? SINGLE);
  const stored = graph.initializer.some(({ dataType }) => HALVES.includes(dataType));
  if (!stored && ![...graph.input, ...graph.output].some(isHalf)) return model;
  const single = mapTensors(model, decoded);
  return {
    ...single,
    graph: {
      ...single.graph,
      node: single.graph.node.map(withSingleCast),
      input: single.graph.input.map(asSingle),
      output: single.graph.output.map(asSingle),
      ...(single.graph.valueInfo && { valueInfo: single.graph.valueInfo.map(asSingle) }),
    },
  };
}

function decoded(proto: TensorProto): TensorProto {
  if (!HALVES.includes(proto.dataType)) return proto;
  const { dtype, dims, data } = fromTensorProto(proto);
  const decode = dtype === 'float16' ? decodeHalf : decodeBfloat;
  const numbers: Tensor = { dtype: 'float32', dims, data: Float32Array.from(data as Uint16Array, decode) };
  return toTensorProto(proto.name ?? '', numbers);
}

function withSingleCast(node: NodeProto): NodeProto {
  if (node.opType !== 'Cast' || !node.attribute) return node;
  const attribute = node.attribute.map((each) => {
    return each.name === 'to' && HALVES.includes(each.i ?? 0) ? { ...each, i: SINGLE } : each;
  });
  return { ...node, attribute };
}

function asSingle(info: ValueInfoProto): ValueInfoProto {
  const { tensorType } = info.type ?? {};
  if (!tensorType || !HALVES.includes(tensorType.elemType)) return info;
  return { ...info, type: { tensorType: { ...tensorType, elemType: SINGLE } } };
}
