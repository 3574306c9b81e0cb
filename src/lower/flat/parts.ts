import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';

/**
 * Outputs of one Split. WebGPU lets a kernel bind eight buffers, unless a device has more, and ONNX Runtime binds the input and all
 * outputs at once.
 */
const MOST_OUTPUTS = 7;

/** The parts of a vector, one after the other, of these sizes: by a tree of Splits, which takes far fewer kernels than a Slice for each. */
export function splitVector(g: Graph, vector: Value, sizes: readonly number[]): Value[] {
  if (sizes.length === 1) return [vector];
  const groups = inGroups(sizes);
  const totals = groups.map((group) => group.reduce((sum, size) => sum + size, 0));
  const parts = g.ops('Split', [vector, g.integers(totals)], { axis: 0 }, { outputs: totals.length });
  return groups.flatMap((group, i) => splitVector(g, parts[i] as Value, group));
}

/** At most so many groups as a Split has outputs, those before the last of the size of a whole tree of Splits. */
function inGroups(sizes: readonly number[]): number[][] {
  let span = 1;
  while (span * MOST_OUTPUTS < sizes.length) span *= MOST_OUTPUTS;
  return Array.from({ length: Math.ceil(sizes.length / span) }, (_, i) => sizes.slice(i * span, (i + 1) * span));
}
