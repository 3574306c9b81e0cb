import type { Graph } from '../graph.js';
import { asNumbers } from '../node/dim.js';
import { type Call, revise, without } from '../upgrade/call.js';

/**
 * Where a fixed batch was made symbolic: a Reshape to constant sizes that begin with the old batch keeps the batch
 * instead (size 0: copied from the input). Any other call is returned as it is.
 */
export function freeReshape(call: Call, graph: Graph, fixedBatch: number | undefined): Call {
  const { node } = call;
  if (fixedBatch === undefined || node.op !== 'Reshape') return call;
  const target = asNumbers(graph.knownIntegers.get(node.input(1)) ?? ['unknown']);
  if (target?.[0] !== fixedBatch || typeof node.inputs[0]?.shape[0] !== 'string') return call;
  const rest = target.slice(1);
  // With allowzero a size 0 is meant as it stands: the batch couldn't be copied beside one.
  if (node.number('allowzero', 0) !== 0 && rest.includes(0)) return call;
  const inputs = [node.input(0), graph.integers([0, ...rest])];
  return revise(call, { inputs, attributes: without(node.attributes, 'allowzero') });
}
