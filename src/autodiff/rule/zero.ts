import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';

export const equalsZero = (g: Graph, x: Value) => g.op('Equal', [x, g.scalar(0)]);

/** 0 where a condition (bool) holds, else x: chosen, so that x may be infinite or NaN there, which no product with 0 takes away. */
export const zeroWhere = (g: Graph, condition: Value, x: Value) => g.op('Where', [condition, g.scalar(0), x]);
