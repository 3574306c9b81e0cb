import { Graph } from '../graph/graph.js';
import { neededNodes } from '../graph/inline.js';
import type { Node, Value } from '../graph/node/node.js';
import { inlineForTraining } from '../graph/training-form.js';
import { dependents, failUntrainable, gradients } from './gradients.js';
import { ruleEntry } from './registry.js';
import type { NoGradient } from './rule/rule.js';

/** A node that no gradient passes, and why. */
export interface Obstacle {
  readonly node: Node;
  readonly reason: NoGradient;
}

/**
 * Fails unless a forward graph's outputs can be differentiated by its weights: an error that names the operators and nodes
 * that no gradient passes, each with the reason. What lies before all weights, or leads to none of the outputs, is no matter.
 */
export function checkTrainable(graph: Graph): void {
  const [first, ...others] = obstacles(graph);
  if (first) failUntrainable(first.node, first.reason, others.map(describe));
  differentiate(graph);
}

/** The nodes between weights and outputs that no gradient passes, whatever their attributes. */
export function obstacles(graph: Graph): Obstacle[] {
  const [needed, active] = [neededNodes(graph), dependents(graph, weightsOf(graph))];
  return graph.nodes.flatMap((node) => {
    const entry = ruleEntry(node.op, node.domain);
    const isOnTheWay = needed.has(node) && node.outputs.some((output) => active.has(output));
    return isOnTheWay && entry && typeof entry !== 'function' ? [{ node, reason: entry }] : [];
  });
}

/** Builds the gradients once, for what a rule finds in the attributes and inputs of its node. */
function differentiate(graph: Graph): void {
  if (weightsOf(graph).length === 0) return;
  const copy = new Graph(graph.name);
  const { outputs, weights } = inlineForTraining(graph, copy, {});
  const floats = [...outputs.values()].filter(({ dtype }) => dtype.startsWith('float'));
  for (const output of floats) gradients(copy, output, [...weights.values()]);
}

function weightsOf({ parameters }: Graph): Value[] {
  return [...parameters.values()].filter(({ role }) => role === 'weight').map(({ value }) => value);
}

function describe({ node, reason }: Obstacle): string {
  return `${node.describe()} (${reason.because})`;
}
