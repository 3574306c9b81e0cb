import type { Node } from '../../../../src/graph/node/node.js';
import type { Kinks } from './kinks.js';
import type { Float64Tensor } from './tensor.js';

/**
 * What an operator computes, in plain loops: its outputs from its inputs, undefined where an optional one is absent.
 * An operator is a constant named like its ONNX operator.
 */
export type Operator = (
  node: Node,
  inputs: readonly (Float64Tensor | undefined)[],
  kinks: Kinks,
) => readonly Float64Tensor[];
