import type { Graph } from '../graph/graph.js';

/** A graph that carries tensors over from run to run: inputs `name`, outputs `nextOf(name)`. */
export interface StatefulGraph {
  readonly graph: Graph;
  readonly state: readonly string[];
  /** The name of the output that replaces a state tensor. */
  readonly nextOf: (name: string) => string;
}
