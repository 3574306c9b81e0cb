import { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node/node.js';
import { present } from '../../util/error.js';
import * as portable from '../portable/elementwise.js';
import type { Body } from '../target.js';
import { halfAttributes, halfOf, SINGLE } from './numbers.js';

/** What a target's body may write with factors beyond the range of float16: for values of float16 the plain form. */
const PLAIN: Readonly<Record<string, Body>> = { ReluGrad: portable.ReluGrad, ClipGrad: portable.ClipGrad };

/** A body that stands for its operator on values of float16 as well: what it builds of float32, constants and masks too, in float16. */
export function retyping(op: string, body: Body): Body {
  return (g, node, inputs) => {
    if (!inputs.some(({ dtype }) => dtype === 'float16')) return body(g, node, inputs);
    const built = new Graph(node.name);
    const given = inputs.map(({ dtype, shape }, i) =>
      built.input(`x${i}`, dtype === 'float16' ? 'float32' : dtype, shape),
    );
    const results = (PLAIN[op] ?? body)(built, node, given);
    const copies = new Map(given.map((value, i) => [value, present(inputs[i], 'an input')]));
    for (const each of built.nodes) copyRetyped(each, g, built, copies);
    return results.map((value) => readRetyped(value, g, built, copies));
  };
}

function copyRetyped(node: Node, g: Graph, built: Graph, copies: Map<Value, Value>): void {
  const { op, domain, name } = node;
  const inputs = node.inputs.map((value) => value && readRetyped(value, g, built, copies));
  const isCast = op === 'Cast' && domain === '' && node.number('to') === SINGLE;
  const attributes = isCast || op === 'ConstantOfShape' ? halfAttributes(op, node.attributes) : node.attributes;
  const made = g.ops(op, inputs, attributes, { domain, name: g.scoped(name), outputs: node.outputs.length });
  node.outputs.forEach((output, i) => {
    copies.set(output, present(made[i], output.name));
  });
}

function readRetyped(value: Value, g: Graph, built: Graph, copies: Map<Value, Value>): Value {
  const known = copies.get(value);
  if (known) return known;
  const content = present(built.constants.get(value), value.name);
  const copy = g.constant(content.dtype === 'float32' ? halfOf(content) : content);
  copies.set(value, copy);
  return copy;
}
