import type { Tensor } from '../../src/onnx/tensor.js';

/** What came out of a training on a golden file's data, on a device or in float64. */
export interface Run {
  /** The step graph's outputs in every step. */
  readonly steps: readonly ReadonlyMap<string, Tensor>[];
  /** The state after the last step. */
  readonly final: ReadonlyMap<string, Tensor>;
  /** The final first network's logits on the first batch in inference form, if the golden file has them. */
  readonly evaluation: Tensor | undefined;
}
