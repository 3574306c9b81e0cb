import type { Graph } from '../../graph/graph.js';
import { sameShape } from '../../graph/node/dim.js';
import { MICROSOFT, type Node, type Value } from '../../graph/node/node.js';
import { bodies } from '../../lower/portable/portable.js';
import type { Body } from '../../lower/target.js';
import { take } from '../../util/checked.js';
import { present } from '../../util/error.js';

/** Both gradients are outputs of one ConvGrad, which the first of the two makes. */
export const ConvInputGrad: Body = (g, node, inputs) => {
  const [dY, w] = take(inputs, 2);
  const forward = convolutionOf(g, dY, (conv) => conv.inputs[1] === w);
  if (!forward) return bodies.ConvInputGrad(g, node, inputs);
  return [convGrad(g, node, [dY, forward.input(0), w]).output(0)];
};

export const ConvWeightGrad: Body = (g, node, inputs) => {
  const [x, dY] = take(inputs, 2);
  const forward = convolutionOf(
    g,
    dY,
    (conv) => conv.inputs[0] === x && sameShape(conv.input(1).shape, node.output(0).shape),
  );
  if (!forward) return bodies.ConvWeightGrad(g, node, inputs);
  return [convGrad(g, node, [dY, x, forward.input(1)]).output(1)];
};

/** A convolution of the forward pass with an output of dY's shape: the operand that a gradient doesn't need tells it a size only. */
function convolutionOf(g: Graph, dY: Value, matches: (conv: Node) => boolean): Node | undefined {
  return g.nodes.find((node) => node.op === 'Conv' && matches(node) && sameShape(node.output(0).shape, dY.shape));
}

function convGrad(g: Graph, node: Node, operands: readonly [Value, Value, Value]): Node {
  const known = g.nodes.find(
    ({ op, inputs }) => op === 'ConvGrad' && operands.every((value, i) => inputs[i] === value),
  );
  if (known) return known;
  const { input_size: _, ...attributes } = node.attributes;
  const [dX] = g.ops('ConvGrad', operands, attributes, { domain: MICROSOFT, outputs: 2 });
  return present(g.producer(dX), 'ConvGrad');
}
