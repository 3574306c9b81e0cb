import type { GraphProto, NodeProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { attributeOf } from './nodes.js';

const [FLOAT, INT64, BOOL] = [codeOfDtype('float32'), codeOfDtype('int64'), codeOfDtype('bool')] as const;
const INTEGERS = ['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero'];
const TRUTHS = [
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'Equal',
  'Not',
  'And',
  'Or',
  'Xor',
  'IsNaN',
  'IsInf',
];

/**
 * The element type (its code) of every value of a graph. Operators that make another type than that of their first input are known by name.
 */
export function typesOf(graph: GraphProto): Map<string, number> {
  const types = new Map<string, number>();
  for (const { name, dataType } of graph.initializer) types.set(name ?? '', dataType);
  for (const { name, type } of graph.input) types.set(name, type?.tensorType?.elemType ?? FLOAT);
  for (const node of graph.node) {
    const type = typeOf(node, types);
    // A second output, of MaxPool, counts elements
    for (const [i, name] of node.output.entries()) types.set(name, node.opType === 'MaxPool' && i === 1 ? INT64 : type);
  }
  return types;
}

function typeOf(node: NodeProto, types: ReadonlyMap<string, number>): number {
  const { opType, input } = node;
  if (opType === 'Cast') return attributeOf(node, 'to')?.i ?? FLOAT;
  if (opType === 'Constant' || opType === 'ConstantOfShape') return attributeOf(node, 'value')?.t?.dataType ?? FLOAT;
  if (INTEGERS.includes(opType)) return INT64;
  if (TRUTHS.includes(opType)) return BOOL;
  return types.get(input[opType === 'Where' ? 1 : 0] ?? '') ?? FLOAT;
}
