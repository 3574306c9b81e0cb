import type { Graph } from '../../../graph/graph.js';
import type { Shape } from '../../../graph/node/dim.js';
import type { Value } from '../../../graph/node/node.js';

/** One way to do a computation: the result is the same but for rounding. */
export type Form = (g: Graph, inputs: readonly Value[]) => Value;

/** A computation with several forms, of which the fastest depends on shapes and machine. The first one is the default. */
export interface FormChoice {
  /** Operator, shapes and attributes: what the speed of its forms depends on. */
  readonly key: string;
  readonly shapes: readonly Shape[];
  readonly forms: Readonly<Record<string, Form>>;
}

/** The name of the form to use; undefined for the default. */
export type Choose = (choice: FormChoice) => string | undefined;

/** What tells one computation's speed from another's. */
export function formKey(op: string, inputs: readonly Value[], attributes: Readonly<Record<string, unknown>>): string {
  const shapes = inputs.map(({ shape }) => shape.join('x')).join(' ');
  return `${op} ${shapes} ${JSON.stringify(attributes)}`;
}
