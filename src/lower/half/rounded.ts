import { Graph } from '../../graph/graph.js';
import { neededNodes } from '../../graph/inline.js';
import type { Node, Value } from '../../graph/node/node.js';
import { decodeHalf } from '../../onnx/half.js';
import { type Tensor, tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import { HALF, SINGLE } from './numbers.js';

/** Operators that only move numbers, or choose among them: what comes out is as it went in. */
const MOVES: ReadonlySet<string> = new Set([
  ...[
    'Reshape',
    'Flatten',
    'Squeeze',
    'Unsqueeze',
    'Transpose',
    'Slice',
    'Concat',
    'Split',
    'Pad',
    'Expand',
    'Tile',
    'Gather',
  ],
  ...['Identity', 'Where', 'Relu', 'Clip', 'MaxPool', 'Min', 'Max', 'Neg', 'Abs'],
]);

/**
 * A lowered graph with float16 as one of float32 in which every number is rounded to float16 where the other one would store it. For what
 * has no float16 of its own: ONNX Runtime's CPU provider leaves out the roundings between its operators.
 */
export function rounding(source: Graph): Graph {
  const target = new Graph(source.name);
  const copies = new Map<Value, Value>();
  for (const input of source.inputs) copies.set(input, target.input(input.name, input.dtype, input.shape));
  for (const [name, { value, role, initialiser }] of source.parameters)
    copies.set(value, target.parameter(name, value.shape, initialiser, role));
  const read = (value: Value): Value => {
    const constant = source.constants.get(value);
    const known = copies.get(value) ?? (constant && target.constant(inSingle(constant)));
    if (known) copies.set(value, known);
    return present(known, value.name);
  };
  const needed = neededNodes(source);
  for (const node of source.nodes) if (needed.has(node)) copyRounded(node, target, copies, read);
  for (const [name, value] of source.outputs) target.output(name, read(value));
  return target;
}

function copyRounded(node: Node, g: Graph, copies: Map<Value, Value>, read: (value: Value) => Value): void {
  const { op, domain, name, outputs } = node;
  const inputs = node.inputs.map((value) => value && read(value));
  const isHalf = outputs.map(({ dtype }) => dtype === 'float16');
  const isCast = op === 'Cast' && domain === '';
  if (isCast && isFloat(node.input(0)) && isFloat(node.output())) {
    const value = present(inputs[0], name);
    copies.set(node.output(), isHalf[0] ? rounded(g, value) : value);
    return;
  }
  const attributes = Object.fromEntries(
    Object.entries(node.attributes).map(([key, value]) => {
      const isTensor = typeof value === 'object' && 'dtype' in value;
      return [key, isTensor ? inSingle(value) : value];
    }),
  );
  const whole = isCast && isHalf[0] ? { ...attributes, to: SINGLE } : attributes;
  const made = g.ops(op, inputs, whole, { domain, name, outputs: outputs.length });
  outputs.forEach((output, i) => {
    const value = present(made[i], output.name);
    copies.set(output, isHalf[i] && !MOVES.has(op) ? rounded(g, value) : value);
  });
}

function isFloat({ dtype }: Value): boolean {
  return dtype === 'float32' || dtype === 'float16';
}

function rounded(g: Graph, value: Value): Value {
  const half = g.op('Cast', [value], { to: HALF }, { name: `${value.name}_half` });
  return g.op('Cast', [half], { to: SINGLE }, { name: `${value.name}_rounded` });
}

function inSingle(content: Tensor): Tensor {
  if (content.dtype !== 'float16') return content;
  return tensor('float32', content.dims, Array.from(content.data as Uint16Array, decodeHalf));
}
