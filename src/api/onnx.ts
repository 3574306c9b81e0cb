/**
 * ONNX and safetensors files, and their tensors.
 *
 * {@link readModelFile} and {@link writeModelFile} (in memory {@link decodeModel} and {@link encodeModel}) give and take models as
 * plain objects with the field names of onnx.proto; {@link readSafetensorsFile} and {@link encodeSafetensors} do the same for tensors alone.
 *
 * @module agon/onnx
 */
export { decodeModel, encodeModel, readModelFile, writeModelFile } from '../onnx/file.js';
export { readSafetensorsFile } from '../onnx/files/safetensors-file.js';
export type * from '../onnx/model.js';
export { AttributeType, DataLocation } from '../onnx/model.js';
export { encodeSafetensors, readSafetensors as decodeSafetensors, type Safetensors } from '../onnx/safetensors.js';
export {
  type DType,
  elementCount,
  type NumericDType,
  type Tensor,
  type TensorData,
  tensor as createTensor,
  toNumbers as tensorToNumbers,
} from '../onnx/tensor.js';
export { fromTensorProto as tensorFromProto, toTensorProto as tensorToProto } from '../onnx/tensor-proto.js';
export { AgonError, type ErrorDetail as AgonErrorDetail } from '../util/error.js';
