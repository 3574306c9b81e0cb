import { fail } from '../../util/error.js';
import type { Graph } from '../graph.js';
import { inferOutputs } from '../infer/infer.js';
import { formatShape, sameShape } from '../node/dim.js';
import type { Node, Value } from '../node/node.js';
import { checkAttributes } from './attributes.js';
import { type Signature, signatureOf } from './signature.js';

/**
 * Checks a whole graph: every name stands for one value and every value is made once, before it is used; operators have
 * the number of inputs and outputs and the attributes that their specification gives them; types and shapes are those that
 * inference finds. The first fault is an error that names the node.
 */
export function verifyGraph(graph: Graph): void {
  const defined = new Definitions(graph.name);
  for (const value of graph.inputs) defined.add(value);
  for (const { value } of graph.parameters.values()) defined.add(value);
  for (const value of graph.constants.keys()) defined.add(value);
  const nodeNames = new Set<string>();
  for (const node of graph.nodes) {
    if (nodeNames.has(node.name)) node.fail('two nodes have this name');
    nodeNames.add(node.name);
    checkNode(graph, node, defined);
    for (const value of node.outputs) defined.add(value, node);
  }
  checkOutputs(graph, defined);
}

/** The values that exist so far. */
class Definitions {
  readonly #values = new Set<Value>();
  readonly #names = new Set<string>();

  constructor(private readonly graph: string) {}

  add(value: Value, node?: Node): void {
    const where = node?.describe() ?? `graph ${this.graph}`;
    if (this.#values.has(value)) fail(where, `"${value.name}" is made twice`);
    if (this.#names.has(value.name)) fail(where, `two values are called "${value.name}"`);
    this.#values.add(value);
    this.#names.add(value.name);
  }

  has(value: Value): boolean {
    return this.#values.has(value);
  }

  hasName(name: string): boolean {
    return this.#names.has(name);
  }
}

function checkNode(graph: Graph, node: Node, defined: Definitions): void {
  for (const [i, value] of node.inputs.entries()) {
    if (value && !defined.has(value)) node.fail(`input ${i} ("${value.name}") isn’t defined before it is used`);
  }
  const signature = signatureOf(node.op, node.domain);
  if (signature) checkSignature(node, signature);
  const inferred = inferOutputs(node, node.outputs.length, (value) => graph.knownIntegers.get(value));
  for (const [i, output] of node.outputs.entries()) {
    const expected = inferred[i] ?? node.fail('outputs', `at most ${inferred.length}`, String(node.outputs.length));
    if (output.dtype === expected.dtype && sameShape(output.shape, expected.shape)) continue;
    node.fail(`output ${i} ("${output.name}")`, typeText(expected), typeText(output));
  }
  if (graph.producer(node.output(0)) !== node) node.fail('the graph holds another node as the producer of its output');
}

function checkSignature(node: Node, signature: Signature): void {
  checkCount(node, 'inputs', node.inputs.length, signature.inputs);
  checkCount(node, 'outputs', node.outputs.length, signature.outputs);
  const missing = node.inputs.findIndex((value, i) => value === null && i < signature.inputs[0]);
  if (missing >= 0) node.fail(`input ${missing} is missing`);
  checkAttributes(node, signature);
  if (node.op === 'Split' && !node.inputs[1] && !node.has('num_outputs')) node.fail('attribute num_outputs is missing');
}

function checkCount(node: Node, what: string, count: number, [low, high]: readonly [number, number]): void {
  if (count >= low && count <= high) return;
  const range = low === high ? `${low}` : Number.isFinite(high) ? `${low} to ${high}` : `at least ${low}`;
  node.fail(`number of ${what}`, range, String(count));
}

function checkOutputs(graph: Graph, defined: Definitions): void {
  const where = `graph ${graph.name}`;
  if (graph.outputs.size === 0) fail(where, 'has no outputs');
  for (const [name, value] of graph.outputs) {
    if (!defined.has(value)) fail(where, `output "${name}" isn’t a value of this graph`, { got: `"${value.name}"` });
    const taken = defined.hasName(name) && !(value.name === name && graph.producer(value));
    if (taken)
      fail(where, `the name of output "${name}" is taken by another value`, { hint: 'Name one of them otherwise' });
  }
}

function typeText({ dtype, shape }: Pick<Value, 'dtype' | 'shape'>): string {
  return `${dtype}${formatShape(shape)}`;
}
