import { Graph } from '../graph/graph.js';
import { inline, type Rewrite } from '../graph/inline.js';
import type { Node, Value } from '../graph/node/node.js';
import { fail, present } from '../util/error.js';
import { nearest, suggestion } from '../util/suggest.js';
import { foldableNorms, foldNorm } from './fold-norm.js';
import { HEAD, partsOf, stagesOf } from './parts.js';

/** What may be frozen beside the stages of a network: nothing, or all but the head. */
const FREEZE_WORDS = ['none', 'backbone'] as const;

/**
 * A network whose layers up to a stage stay as they are: `none`, `backbone` (all but the head), or a stage's name: that stage and all
 * before it. Their weights and running statistics become `frozen`, so that a training step normalises with those statistics (which is folded
 * into the convolution before), and Dropout among frozen layers is left out, as in inference. A stage that the network doesn't have is an error that lists its stages.
 */
export function freezeNetwork(network: Graph, upTo: string): Graph {
  if (upTo === 'none') return network;
  const names = frozenNames(network, upTo);
  const beneath = beneathParameters(network, names);
  const isFrozen = (value: Value | null) => value === null || names.has(value.name);
  const graph = new Graph(network.name);
  const bind = new Map<string, Value>();
  for (const { name, dtype, shape } of network.inputs) bind.set(name, graph.input(name, dtype, shape));
  for (const [name, { value, role, initialiser }] of network.parameters) {
    bind.set(name, graph.parameter(name, value.shape, initialiser, names.has(name) ? 'frozen' : role));
  }
  const foldable = foldableNorms(network);
  const rewrite: Rewrite = (node, inputs) => {
    if (isDropout(node) && beneath.has(node)) return [present(inputs[0], node.name)];
    const conv = foldable.get(node);
    if (!conv || ![...conv.inputs.slice(1), ...node.inputs.slice(1)].every(isFrozen)) return undefined;
    const copy = graph.producer(present(inputs[0], conv.name));
    const folded = copy && foldNorm(graph, [node, conv], copy.inputs, inputs);
    return folded && [folded];
  };
  const copied = inline(network, graph, { bind, rewrite });
  for (const [name, value] of network.outputs) graph.output(name, present(copied.get(value), name));
  return graph;
}

function frozenNames(network: Graph, upTo: string): Set<string> {
  const parts = partsOf(network);
  const last = upTo === 'backbone' ? parts.length - 2 : parts.findLastIndex(({ stage }) => stage === upTo);
  if (upTo === HEAD || (upTo !== 'backbone' && last < 0)) failUnknown(network, upTo);
  return new Set(parts.slice(0, last + 1).flatMap(({ parameters }) => parameters));
}

function failUnknown(network: Graph, upTo: string): never {
  const stages = stagesOf(network);
  const known = [...FREEZE_WORDS, ...stages];
  return fail(`network ${network.name}`, 'the stage to freeze up to (--freeze)', {
    expected: `one of its stages (${stages.join(', ')}), backbone or none`,
    got: `"${upTo}"`,
    ...(nearest(upTo, known) !== undefined && { hint: suggestion(upTo, known) }),
  });
}

/** The nodes that layers with these parameters depend on. */
function beneathParameters(graph: Graph, names: ReadonlySet<string>): Set<Node> {
  const takesOne = ({ inputs }: Node) => inputs.some((input) => input && names.has(input.name));
  const beneath = new Set<Node>();
  const open = graph.nodes.filter(takesOne).flatMap(({ inputs }) => inputs);
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = value && graph.producer(value);
    if (!node || beneath.has(node)) continue;
    beneath.add(node);
    open.push(...node.inputs);
  }
  return beneath;
}

function isDropout({ op, domain }: Node): boolean {
  return op === 'Dropout' && domain === '';
}
