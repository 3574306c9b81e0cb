import { before, type Call, constant, drop, integers, revise, type Upgrade, type Upgrades } from './call.js';

/** Before version 7 input 1 was laid along input 0 from `axis` on; now trailing axes of size 1 say so. */
const alignToAxis: Upgrade = (call, graph) => {
  const { node } = call;
  const [a, b] = [node.input(0), node.input(1)];
  const axis = node.number('axis', -1);
  const start = axis < 0 ? a.shape.length - b.shape.length : axis;
  const trailing =
    node.number('broadcast', 0) === 1 && b.shape.length > 0 ? a.shape.length - start - b.shape.length : 0;
  const aligned = trailing > 0 ? unsqueezed(call, trailing, graph) : b;
  return drop('axis', 'broadcast')(revise(call, { inputs: [a, aligned] }), graph);
};

const since7: Upgrades = { 7: alignToAxis };

export const Add = since7;
export const Sub = since7;
export const Mul = since7;
export const Div = since7;
export const Pow = since7;
export const And = since7;
export const Or = since7;
export const Equal = since7;
export const Less = since7;
export const Greater = since7;

/** Before version 7 a slope per channel lay along axis 1. */
export const PRelu: Upgrades = {
  7: (call, graph) => {
    const { node } = call;
    const [x, slope] = [node.input(0), node.input(1)];
    const perChannel = slope.shape.length === 1 && slope.shape[0] !== 1;
    const trailing = perChannel ? x.shape.length - 2 : 0;
    return trailing > 0 ? revise(call, { inputs: [x, unsqueezed(call, trailing, graph)] }) : call;
  },
};

export const Gemm: Upgrades = { 7: drop('broadcast') };

/** Input 1 with axes of size 1 at its end. */
function unsqueezed(call: Call, count: number, graph: Parameters<Upgrade>[1]) {
  const b = call.node.input(1);
  const axes = Array.from({ length: count }, (_, i) => b.shape.length + i);
  return before(call, graph, 'Unsqueeze', [b, constant(call, graph, 'axes', integers(axes))]);
}
