import type { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/node/node.js';

/**
 * What stands for a semantic operator on a target: builds plain operators in `g` from the node's inputs (already in `g`)
 * and returns a value for each output. A body is a constant named like its operator.
 */
export type Body = (g: Graph, node: Node, inputs: readonly Value[]) => readonly Value[];

/** A kind of machine to lower for: the bodies of the semantic operators, and graph passes of its own. */
export interface Target {
  readonly name: string;
  readonly bodies: Readonly<Record<string, Body>>;
  /** A pass over the semantic graph, before the bodies take their place. */
  readonly prepare?: (graph: Graph) => Graph;
  /** Whether the tensors that a graph carries over from run to run are laid into vectors before anything else. */
  readonly flatState?: boolean;
  /** A pass over the graph of plain operators that comes of it. */
  readonly finish?: (graph: Graph) => Graph;
}
