import { float32Data, type Tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import { softmax } from '../util/maths/softmax.js';

/** One row of logits [N, classes], as a view. */
export function rowOf(logits: Tensor, row: number): Float32Array {
  const classes = at(logits.dims, 1);
  return float32Data(logits).subarray(row * classes, (row + 1) * classes);
}

/** The softmax of one row of logits [N, classes], in float64. */
export function probabilitiesOf(logits: Tensor, row: number): Float64Array {
  return softmax(rowOf(logits, row));
}
