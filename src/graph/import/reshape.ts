import type { Dim } from '../dim.js';
import type { Graph } from '../graph.js';
import { type Call, revise } from '../upgrade/call.js';

/**
 * Where a fixed batch was made symbolic: a Reshape to constant sizes that begin with the old batch keeps the batch
 * instead (size 0: copied from the input). Any other call is returned as it is.
 */
export function freeReshape(call: Call, graph: Graph, fixedBatch: number | undefined): Call {
  const { node } = call;
  const target = fixedBatch !== undefined && node.op === 'Reshape' ? graph.knownIntegers.get(node.input(1)) : undefined;
  const batch: Dim | undefined = node.inputs[0]?.shape[0];
  if (target?.[0] !== fixedBatch || typeof batch !== 'string' || !target?.every((size) => typeof size === 'number'))
    return call;
  return revise(call, { inputs: [node.input(0), graph.integers([0, ...(target as number[]).slice(1)])] });
}
