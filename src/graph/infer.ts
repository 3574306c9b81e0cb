import type { DType } from '../onnx/tensor.js';
import { ownEntry } from '../util/own-entry.js';
import { type Dim, formatShape, MOST_KNOWN, type Shape } from './dim.js';
import * as activation from './infer/activation.js';
import * as blocked from './infer/blocked.js';
import * as blocks from './infer/blocks.js';
import * as elementwise from './infer/elementwise.js';
import * as image from './infer/image.js';
import * as linear from './infer/linear.js';
import * as normalisation from './infer/normalisation.js';
import * as onDevicePooling from './infer/on-device-pooling.js';
import * as onDeviceTraining from './infer/on-device-training.js';
import * as reduction from './infer/reduction.js';
import * as reshaping from './infer/reshaping.js';
import * as runtime from './infer/runtime.js';
import * as selection from './infer/selection.js';
import * as training from './infer/training.js';
import * as transposed from './infer/transposed.js';
import { AGON, MICROSOFT, NCHWC, type Node, namingNode, type Value } from './node.js';

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
  integers(i: number): number[];
}

/** An inference rule is a constant named like its operator: the folder's exports are the registry. */
export type InferRule = (context: InferContext) => Inferred | readonly Inferred[];

const RULES: Readonly<Record<string, Readonly<Record<string, InferRule>>>> = {
  '': {
    ...activation,
    ...blocks,
    ...elementwise,
    ...image,
    ...linear,
    ...normalisation,
    ...onDevicePooling,
    ...reduction,
    ...reshaping,
    ...selection,
    ...transposed,
  },
  [AGON]: { ...training },
  [MICROSOFT]: { ...runtime, ...onDeviceTraining },
  [NCHWC]: { ...blocked },
};

/** Infers a node's outputs. Errors name the operator and the node. */
export function inferOutputs(
  node: Node,
  outputs: number,
  knownOf: (value: Value) => readonly Dim[] | undefined,
): readonly Inferred[] {
  const rule = ruleOf(node.op, node.domain);
  if (!rule)
    return node.fail(
      'this operator is unknown to shape inference',
      undefined,
      undefined,
      'It can’t be used in a graph that is trained',
    );
  const known = (i: number) => (node.inputs[i] ? knownOf(node.input(i)) : undefined);
  const integers = (i: number) => {
    const values = known(i);
    if (values?.every((value) => typeof value === 'number')) return values as number[];
    return node.fail(
      `input ${i} ("${node.input(i).name}")`,
      'integers known when the graph is built',
      values ? formatShape(values) : 'computed values',
    );
  };
  const result = namingNode(node, () => rule({ node, outputs, known, integers }));
  return (Array.isArray(result) ? result : [result as Inferred]).map((output) => checked(node, output));
}

/** Axes: as many as NumPy has. */
const MOST_AXES = 64;

/** An output whose sizes can be those of a tensor. */
function checked(node: Node, { dtype, shape, known }: Inferred): Inferred {
  if (shape.length > MOST_AXES) node.fail('axes of its output', `at most ${MOST_AXES}`, String(shape.length));
  const wrong = shape.some((dim) => typeof dim === 'number' && (!Number.isSafeInteger(dim) || dim < 0));
  if (wrong) node.fail('sizes of its output', 'whole numbers', formatShape(shape));
  return { dtype, shape, known: known && known.length <= MOST_KNOWN ? known : undefined };
}

function ruleOf(op: string, domain: string): InferRule | undefined {
  return ownEntry(ownEntry(RULES, domain) ?? {}, op);
}

/** The operators of a domain that the builder knows. */
export function knownOperators(domain = ''): string[] {
  return Object.keys(RULES[domain] ?? {});
}

/** Whether the builder knows this operator. */
export function isKnownOperator(op: string, domain = ''): boolean {
  return ruleOf(op, domain) !== undefined;
}

/** How many outputs a semantic training operator has. */
export function semanticOutputs(op: string): number {
  return OUTPUTS[op] ?? 1;
}

const OUTPUTS: Readonly<Record<string, number>> = { BatchNormTraining: 4, BatchNormTrainingGrad: 3 };
