import type { DType } from '../../onnx/tensor.js';
import type { Dim, Shape } from './dim.js';
import type { Node } from './node.js';

/** Type and shape of one output, and its integers where they are known. */
export interface Inferred {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly known?: readonly Dim[] | undefined;
}

export interface InferContext {
  readonly node: Node;
  /** How many outputs the node has. */
  readonly outputs: number;
  /** The integers of an int64 input, where they are known. */
  known(i: number): readonly Dim[] | undefined;
  /** Like {@link known}, as settled numbers; an error that names the node otherwise. */
  integers(i: number): readonly number[];
}

/** An inference rule is a constant named like its operator: the folder's exports are the registry. */
export type InferRule = (context: InferContext) => Inferred | readonly Inferred[];
