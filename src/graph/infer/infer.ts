import { ownEntry } from '../../util/own-entry.js';
import { type Dim, formatShape, MOST_KNOWN } from '../node/dim.js';
import type { InferRule, Inferred } from '../node/infer-rule.js';
import { AGON, MICROSOFT, NCHWC, type Node, namingNode, type Value } from '../node/node.js';
import * as training from './agon/training.js';
import * as runtime from './microsoft/fused.js';
import * as onDeviceTraining from './microsoft/on-device-training.js';
import * as blocked from './nchwc/blocked.js';
import * as activation from './onnx/activation.js';
import * as blocks from './onnx/blocks.js';
import * as elementwise from './onnx/elementwise.js';
import * as image from './onnx/image.js';
import * as linear from './onnx/linear.js';
import * as normalisation from './onnx/normalisation.js';
import * as onDevicePooling from './onnx/on-device-pooling.js';
import * as reduction from './onnx/reduction.js';
import * as reshaping from './onnx/reshaping.js';
import * as selection from './onnx/selection.js';
import * as transposed from './onnx/transposed.js';

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
    if (values?.every((value) => typeof value === 'number')) return values;
    return node.fail(
      `input ${i} ("${node.input(i).name}")`,
      'integers known when the graph is built',
      values ? formatShape(values) : 'computed values',
    );
  };
  const result = namingNode(node, () => rule({ node, outputs, known, integers }));
  return [result].flat().map((output) => checked(node, output));
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
export function semanticOutputs<Op extends string>(op: Op): SemanticOutputs<Op>;
export function semanticOutputs(op: string): number {
  return ownEntry<number>(OUTPUTS, op) ?? 1;
}

const OUTPUTS = { BatchNormTraining: 4, BatchNormTrainingGrad: 3 } as const;

/** The number of outputs as a type: `number` for an operator that isn't known when the code is compiled. */
export type SemanticOutputs<Op extends string> = Op extends keyof typeof OUTPUTS
  ? (typeof OUTPUTS)[Op]
  : string extends Op
    ? number
    : 1;
