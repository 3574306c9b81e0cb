import type { GraphProto, NodeProto, TensorProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import { attributeOf, readsOf, storedFloats, storedIn } from './nodes.js';
import { typesOf } from './value-types.js';

/** An operator with weights: which axis of them counts its output channels. */
export interface WeightedNode {
  readonly node: NodeProto;
  readonly axis: number;
}

/** What of a graph becomes int8. */
export interface QuantisationPlan {
  readonly weighted: readonly WeightedNode[];
  /** Values that are quantised with a range of their own. */
  readonly ranged: readonly string[];
  /** Values that are quantised like another one: whose numbers they have, in another order or in part. */
  readonly like: ReadonlyMap<string, string>;
  /** The kinds of operators that stay float32. */
  readonly inSingle: readonly string[];
}

/** Operators that take and give numbers of 8 bits, with ranges of their own. */
const RANGED = ['Add', 'Mul', 'Concat', 'AveragePool', 'GlobalAveragePool'];
/** Operators that hand numbers on. */
const PASSING = ['MaxPool', 'Flatten', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze'];
/** Activations that are no more than the range of what is quantised behind them. */
const FUSED = ['Relu', 'Clip'];

/**
 * Chooses what becomes int8: Conv, Gemm and MatMul with stored weights, their inputs and the outputs of Conv (behind its Relu or Clip);
 * between these additions, products, concatenations and pools whose inputs are quantised all.
 */
export function planQuantisation(graph: GraphProto): QuantisationPlan {
  return new Planner(graph).plan();
}

class Planner {
  readonly #stored: ReadonlyMap<string, TensorProto>;
  readonly #reads: ReadonlyMap<string, number>;
  readonly #types: ReadonlyMap<string, number>;
  /** The last node that reads a value. */
  readonly #readers = new Map<string, NodeProto>();
  readonly #outputs: ReadonlySet<string>;
  readonly #ranged = new Set<string>();
  readonly #like = new Map<string, string>();
  /** Nodes that compute with whole numbers, and activations behind them. */
  readonly #quantised = new Set<NodeProto>();

  constructor(private readonly graph: GraphProto) {
    this.#stored = storedIn(graph);
    this.#reads = readsOf(graph);
    this.#types = typesOf(graph);
    this.#outputs = new Set(graph.output.map(({ name }) => name));
    for (const node of graph.node) for (const name of node.input) this.#readers.set(name, node);
  }

  plan(): QuantisationPlan {
    const weighted = this.graph.node.flatMap((node) => this.#weighted(node) ?? []);
    const wanted = new Set(weighted.map(({ node }) => at(node.input, 0)));
    const byNode = new Map(weighted.map((each) => [each.node, each]));
    for (const { name } of this.graph.input) if (wanted.has(name)) this.#ranged.add(name);
    for (const node of this.graph.node) this.#visit(node, byNode.has(node), wanted);
    const kinds = this.graph.node.flatMap((node) => (this.#quantised.has(node) ? [] : [node.opType]));
    return { weighted, ranged: [...this.#ranged], like: this.#like, inSingle: [...new Set(kinds)].sort() };
  }

  #visit(node: NodeProto, isWeighted: boolean, wanted: ReadonlySet<string>): void {
    const output = at(node.output, 0);
    const all = node.input.length > 0 && node.input.every((name) => this.#isQuantised(name));
    if (isWeighted) {
      this.#quantised.add(node);
      if (node.opType === 'Conv') this.#rangeBehind(node);
    } else if (RANGED.includes(node.opType) && all) this.#rangeBehind(node);
    else if (PASSING.includes(node.opType) && this.#isQuantised(node.input[0]) && !this.#outputs.has(output)) {
      this.#quantised.add(node);
      this.#like.set(output, at(node.input, 0));
    }
    if (wanted.has(output) && !this.#like.has(output)) this.#ranged.add(output);
  }

  #isQuantised(name = ''): boolean {
    return this.#ranged.has(name) || this.#like.has(name);
  }

  #weighted(node: NodeProto): WeightedNode | undefined {
    const weights = storedFloats(this.#stored, node.input[1]);
    const input = node.input[0] ?? '';
    if (!weights || this.#stored.has(input) || this.#types.get(input) !== codeOfDtype('float32')) return undefined;
    const axis = axisOf(node, weights.dims.length);
    if (axis === undefined) return undefined;
    const bias = node.input[2];
    const fits = !bias || storedFloats(this.#stored, bias)?.dims.join() === String(weights.dims[axis]);
    return fits ? { node, axis } : undefined;
  }

  /** Quantises the output of a node, or of the activation that alone reads it; not an output of the graph. */
  #rangeBehind(node: NodeProto): void {
    const output = at(node.output, 0);
    const reader = this.#readers.get(output);
    const activation = reader && this.#reads.get(output) === 1 && FUSED.includes(reader.opType) ? reader : undefined;
    const last = at((activation ?? node).output, 0);
    if (this.#outputs.has(last)) return;
    this.#quantised.add(node);
    if (activation) this.#quantised.add(activation);
    this.#ranged.add(last);
  }
}

/** The axis of a node's weights that counts output channels; undefined where it can't compute with whole numbers. */
function axisOf(node: NodeProto, rank: number): number | undefined {
  const { opType } = node;
  if (opType === 'Conv') return 0;
  if (opType === 'MatMul') return rank === 2 ? 1 : undefined;
  if (opType !== 'Gemm') return undefined;
  const isPlain = ['alpha', 'beta'].every((name) => (attributeOf(node, name)?.f ?? 1) === 1);
  if (!isPlain || attributeOf(node, 'transA')?.i) return undefined;
  return attributeOf(node, 'transB')?.i ? 0 : 1;
}
