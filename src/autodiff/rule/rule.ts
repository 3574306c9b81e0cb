import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node/node.js';

/** What a gradient rule may use: the graph under construction, the forward node and the gradients of its outputs. */
export interface RuleContext {
  readonly g: Graph;
  readonly node: Node;
  /** Gradient of the first output; the rule runs only when it exists. */
  readonly dY: Value;
  /** Gradients of all outputs; null where an output isn't on the way to the loss. */
  readonly gradients: readonly (Value | null)[];
  /** Whether the i-th input needs a gradient: others may be left out as null. */
  needs(i: number): boolean;
}

/**
 * The gradient of one operator: a value or null for each input, of the input's shape or of the shape it was broadcast
 * to (the walk sums that back). A rule is a constant named like its operator: the folder's exports are the registry.
 */
export type Rule = (context: RuleContext) => readonly (Value | null)[];

/** Marks an operator that no gradient passes, and says why: it ends the sentence "this operator has no ... because". */
export interface NoGradient {
  readonly lacks: 'derivative' | 'gradient rule';
  readonly because: string;
}

/** Marks an operator whose outputs have no derivative: comparisons, indices, shapes. */
export const notDifferentiable: NoGradient = {
  lacks: 'derivative',
  because: 'its output stays or jumps where its inputs change a little',
};

/** Marks an operator that has a derivative, but no rule. */
export const noRule = (because: string): NoGradient => ({ lacks: 'gradient rule', because });

export type RuleEntry = Rule | NoGradient;
