import type { Attributes } from '../../graph/node/node.js';
import { decodeHalf, encodeHalf } from '../../onnx/half.js';
import { codeOfDtype, type Tensor, tensor, toNumbers } from '../../onnx/tensor.js';

export const [SINGLE, HALF] = [codeOfDtype('float32'), codeOfDtype('float16')];
const LARGEST = decodeHalf(0x7bff);

/** A float32 constant in float16: the nearest numbers, those beyond its range its largest. */
export function halfOf(content: Tensor): Tensor {
  const bits = toNumbers(content).map((value) => encodeHalf(Math.max(-LARGEST, Math.min(value, LARGEST))));
  return tensor('float16', content.dims, Uint16Array.from(bits));
}

/** The attributes of a node without float inputs that makes float16 where it made float32: Cast and ConstantOfShape. */
export function halfAttributes(op: string, attributes: Attributes): Attributes {
  if (op === 'Cast') return { ...attributes, to: HALF };
  if (op !== 'ConstantOfShape') return attributes;
  const { value } = attributes;
  const zero = tensor('float32', [1], [0]);
  return { ...attributes, value: halfOf(value && typeof value === 'object' && 'dtype' in value ? value : zero) };
}
