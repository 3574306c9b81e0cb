import { fail } from '../util/error.js';
import { bytesOf } from '../util/typed-array.js';
import { decodeMessage } from './codec.js';
import { convertElements } from './convert-elements.js';
import { codeOfDtype, type DType, dtypeOfCode } from './dtype.js';
import { DataLocation, type TensorProto } from './model.js';
import { checkCount, type Tensor, tensor } from './tensor.js';
import { viewElements } from './view-elements.js';

/**
 * The tensor of a TensorProto, from `rawData` (a view where its offset is aligned) or from the typed field that onnx.proto
 * assigns to its element type. External data must have been read before, as `readModelFile` does. Errors name the
 * tensor.
 */
export function fromTensorProto(proto: TensorProto): Tensor {
  return elementsOf(proto, `tensor ${JSON.stringify(proto.name ?? '').slice(0, 200)}`);
}

function elementsOf(proto: TensorProto, where: string): Tensor {
  const { dims, rawData } = proto;
  const dtype = dtypeOfCode(proto.dataType, where);
  if (proto.segment) fail(where, "is one segment of a tensor, which isn't supported");
  if (proto.dataLocation === DataLocation.EXTERNAL) {
    fail(where, 'has its data in another file', { hint: 'Read the model with readModelFile' });
  }
  if (dtype === 'string') return tensor(dtype, dims, stringsOf(proto), where);
  if (rawData?.length) return viewElements(dtype, dims, rawData, where);
  const elements = proto[FIELDS[dtype]] ?? [];
  checkCount(dtype, dims, elements.length, where);
  return { dtype, dims, data: convertElements(isHalf(dtype) ? 'uint16' : dtype, elements, where) };
}

/**
 * A TensorProto that views the tensor's elements as `rawData`; strings are `stringData`. Errors name the tensor.
 *
 * @param content - The tensor.
 */
export function toTensorProto(name: string, { dtype, dims, data }: Tensor): TensorProto {
  checkCount(dtype, dims, data.length, `tensor ${JSON.stringify(name)}`);
  const content = Array.isArray(data) ? { stringData: data.map(encodeText) } : { rawData: bytesOf(data) };
  return { name, dims, dataType: codeOfDtype(dtype), ...content };
}

/** The tensor of a serialized TensorProto, like the `.pb` files of ONNX's test cases. Errors begin with `name`. */
export function decodeTensor(bytes: Uint8Array, name = 'tensor file'): Tensor {
  return elementsOf(decodeMessage('TensorProto', bytes, name), name);
}

/** Where each element type is kept when it isn't in raw_data; 16-bit floats are bits. */
const FIELDS = {
  float32: 'floatData',
  float64: 'doubleData',
  float16: 'int32Data',
  bfloat16: 'int32Data',
  int8: 'int32Data',
  int16: 'int32Data',
  int32: 'int32Data',
  int64: 'int64Data',
  uint8: 'int32Data',
  uint16: 'int32Data',
  uint32: 'uint64Data',
  uint64: 'uint64Data',
  bool: 'int32Data',
} as const;

function isHalf(dtype: DType): boolean {
  return dtype === 'float16' || dtype === 'bfloat16';
}

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function stringsOf({ stringData = [] }: TensorProto): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return stringData.map((bytes) => decoder.decode(bytes));
}
