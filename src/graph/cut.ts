import { present } from '../util/error.js';
import { extract, type Named } from './extract.js';
import type { Graph } from './graph.js';
import { neededNodes } from './inline.js';
import type { Node, Value } from './node/node.js';

/** A network in two: what stays as it is, and what is trained on top of it. */
export interface CutNetwork {
  /** Input `images` as the network's; output `features` [N, ...]. All its parameters are frozen. */
  readonly backbone: Graph;
  /** Input `features`; output `logits`. Its parameters and nodes have the network's names. */
  readonly head: Graph;
}

/** The name of the value between the two. */
export const FEATURES = 'features';

/**
 * Cuts a network at the last value that neither training nor chance changes: all before it depends on the images, on frozen parameters and
 * constants alone. Undefined where there is no such value, or more than one that the rest takes.
 */
export function cutFrozen(network: Graph): CutNetwork | undefined {
  const fixed = fixedValues(network);
  const border = borderOf(network, fixed);
  if (!border || network.inputs.includes(border)) return undefined;
  const logits = present(network.outputs.get('logits'), 'output logits');
  return {
    backbone: partOf(network, [FEATURES, border]),
    head: partOf(network, ['logits', logits], border),
  };
}

/** The values that depend on the images, and beside them on nothing that training changes. */
function fixedValues({ inputs, nodes, parameters }: Graph): Set<Value> {
  const fixed = new Set(inputs);
  const changing = new Set(
    [...parameters.values()].filter(({ role }) => role !== 'frozen').map(({ value }) => value as Value),
  );
  for (const node of nodes) {
    const [taken, outputs] = [node.inputs.filter((input) => input !== null), node.outputs];
    if (taken.some((input) => changing.has(input)) || isRandom(node)) for (const each of outputs) changing.add(each);
    else if (taken.some((input) => fixed.has(input))) for (const each of outputs) fixed.add(each);
  }
  return fixed;
}

const RANDOM = ['Dropout', 'RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Bernoulli'];

function isRandom({ op, domain }: Node): boolean {
  return domain === '' && RANDOM.includes(op);
}

/** The one fixed value that what isn't fixed takes on its way to the logits, if it is one. */
function borderOf(network: Graph, fixed: ReadonlySet<Value>): Value | undefined {
  const logits = present(network.outputs.get('logits'), 'output logits');
  if (fixed.has(logits)) return undefined;
  const border = new Set<Value>();
  const seen = new Set<Value>();
  const open = [logits];
  for (let value = open.pop(); value; value = open.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (fixed.has(value)) border.add(value);
    else for (const input of network.producer(value)?.inputs ?? []) if (input) open.push(input);
  }
  const [one] = border;
  return border.size === 1 ? one : undefined;
}

/** The part of a network that makes one of its values: input `images` as the network's, output `features`. */
export function cutAfter(network: Graph, value: Value): Graph {
  return partOf(network, [FEATURES, value]);
}

/** The part of a network that makes one of its values, from its images or from another of its values. */
function partOf(network: Graph, output: Named, from?: Value): Graph {
  const given = from ? [[FEATURES, from] as const] : network.inputs.map((each) => [each.name, each] as const);
  return extract(
    network,
    [output],
    given,
    neededNodes(network, [output[1]], (value) => value === from),
  );
}
