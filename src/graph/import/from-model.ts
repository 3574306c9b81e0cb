import type { GraphProto, ModelProto, NodeProto } from '../../onnx/model.js';
import type { Tensor } from '../../onnx/tensor.js';
import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';
import { Graph } from '../graph.js';
import { isKnownOperator } from '../infer/infer.js';
import { formatShape, type Shape } from '../node/dim.js';
import { Node, type Value } from '../node/node.js';
import { upgrade } from '../upgrade/upgrade.js';
import { fromAttributeProtos } from './attributes.js';
import { fixedBatchOf, inputTypes, type ShapeOptions } from './inputs.js';
import { FreeNames, trimmed } from './names.js';
import { checkedOpset, domainOf } from './opset.js';
import { bufferName, initialiserOf, isBuffer, ParameterRule, type Use } from './parameters.js';
import { freeReshape } from './reshape.js';
import { collectSources, type Source, type Sources } from './sources.js';

/** What is known of a foreign model beside its file. */
export interface ImportOptions extends ShapeOptions {
  /** Values for inputs that are to be constants, such as axes or a shape that is fed. */
  readonly constants?: ReadonlyMap<string, Tensor>;
  /** Decides which tensors of the file are parameters, where it is known better than by the rule, whose answer it is given. */
  readonly isParameter?: (name: string, byRule: boolean) => boolean;
}

/** A graph without weights, and the weights. Tensors are views into the file where they can be. */
export interface Imported {
  readonly graph: Graph;
  readonly parameters: Map<string, Tensor>;
}

/**
 * A foreign ONNX model as a graph of ONNX’s operator set 20: older (and newer) forms of operators are rewritten, shapes inferred anew,
 * Constant nodes are constants, and weights are parameters. Each running mean and
 * variance is a parameter of its own (`buffer`), also where the file shares equal ones. Sizes that the file names stay
 * symbols; the batch is `N`. An operator that Agon doesn't know is an error that names it and its node. Whether the graph can be trained,
 * `checkTrainable` says.
 */
export function fromModel(model: ModelProto, options: ImportOptions = {}): Imported {
  return new Importer(model, options).run();
}

class Importer {
  readonly #graph: Graph;
  readonly #source: GraphProto;
  readonly #opset: number;
  readonly #sources: Sources;
  readonly #rule: ParameterRule;
  readonly #inputs: GraphProto['input'];
  readonly #fixedBatch: number | undefined;
  readonly #parameters = new Map<string, Tensor>();
  readonly #values = new Map<string, Value>();
  /** Buffers of their own, by the node and input that they are for. */
  readonly #buffers = new Map<NodeProto, Map<number, Value>>();
  readonly #nodeNames = new Set<string>();
  readonly #outputs: ReadonlySet<string>;
  readonly #free = { values: new FreeNames(), buffers: new FreeNames(), nodes: new FreeNames() };

  constructor(
    model: ModelProto,
    private readonly options: ImportOptions,
  ) {
    this.#source = model.graph;
    this.#outputs = new Set(model.graph.output.map(({ name }) => name));
    this.#graph = new Graph(model.graph.name || 'imported');
    this.#opset = checkedOpset(model);
    this.#sources = collectSources(model.graph, options.constants ?? new Map());
    // Up to IR version 3 initializers are listed among the inputs too.
    this.#inputs = model.graph.input.filter(({ name }) => !this.#sources.byName.has(name));
    const names = this.#inputs.map(({ name }) => name);
    this.#rule = new ParameterRule(model.graph.node, this.#sources, names);
    this.#fixedBatch = fixedBatchOf(this.#inputs, options);
  }

  run(): Imported {
    for (const [name, { dtype, shape }] of inputTypes(this.#inputs, this.options)) {
      checkSize(shape, `input "${name}"`);
      this.#values.set(name, this.#graph.input(name, dtype, shape));
    }
    for (const name of this.#sources.byName.keys()) this.#declareParameters(name);
    for (const node of this.#source.node) this.#addNode(node);
    for (const { name } of this.#source.output) this.#graph.output(name, this.#valueOf(name, `output "${name}"`));
    return { graph: this.#graph, parameters: this.#parameters };
  }

  #declareParameters(name: string): void {
    const source = this.#sources.byName.get(name);
    if (!source || !this.#isParameter(name, source)) return;
    const uses = this.#rule.usesOf(name);
    const buffers = uses.filter(isBuffer);
    const content = source.content();
    const owned = uses.length > 1 ? buffers : [];
    for (const use of owned) this.#declareBuffer(use, name, content);
    if (owned.length === uses.length) return;
    const role = buffers.length > owned.length ? 'buffer' : 'weight';
    const main = uses.find((use) => owned.length === 0 || !isBuffer(use));
    this.#values.set(
      name,
      this.#graph.parameter(name, content.dims, initialiserOf(main, role, content.dims.length), role),
    );
    this.#parameters.set(name, content);
  }

  /** Declares the buffer of one node, whose tensor is called `shared` in the file. */
  #declareBuffer(use: Use, shared: string, content: Tensor): void {
    const isTaken = (text: string) => this.#graph.hasName(text) || (text !== shared && this.#sources.byName.has(text));
    const name = this.#free.buffers.find(`${use.node.name || use.node.output[0]}.${bufferName(use)}`, isTaken);
    const value = this.#graph.parameter(name, content.dims, initialiserOf(use, 'buffer', 1), 'buffer');
    const slots = this.#buffers.get(use.node) ?? new Map<number, Value>();
    this.#buffers.set(use.node, slots.set(use.slot, value));
    this.#parameters.set(name, content);
  }

  #addNode(proto: NodeProto): void {
    if (this.#isConstant(proto)) return;
    const name = this.#nodeName(proto);
    this.#checkNew(proto, name);
    const where = `${proto.opType} "${name}"`;
    const attributes = fromAttributeProtos(proto.attribute ?? [], where);
    const inputs = trimmed(proto.input).map((input, slot) => this.#inputOf(proto, input, slot, where));
    const old = {
      node: new Node(proto.opType, domainOf(proto, where), name, inputs, attributes),
      outputs: trimmed(proto.output),
    };
    const { node, outputs } = freeReshape(upgrade(old, this.#opset, this.#graph), this.#graph, this.#fixedBatch);
    if (!isKnownOperator(node.op, node.domain))
      node.fail('Agon doesn’t know this operator', undefined, undefined, 'It can’t import the model');
    const values = this.#graph.ops(node.op, node.inputs, node.attributes, {
      name,
      domain: node.domain,
      outputs: outputs.map((output) => (output ? this.#freeName(output) : '')),
    });
    for (const value of values) checkSize(value.shape, where);
    for (const [i, output] of outputs.entries()) if (output) this.#values.set(output, at(values, i));
  }

  #checkNew({ opType, output }: NodeProto, name: string): void {
    const twice = output.find(
      (text) => text && (this.#values.has(text) || this.#sources.byName.get(text)?.kind === 'initializer'),
    );
    if (twice) fail(`${opType} "${name}"`, `"${twice}" is made twice`);
  }

  /** Whether a node only makes (or renames) a tensor that is in the file. */
  #isConstant({ output }: NodeProto): boolean {
    const name = this.#sources.resolve(output[0] ?? '');
    const source = this.#sources.byName.get(name);
    if (!source) return false;
    return name !== output[0] || source.kind !== 'fill' || this.#isParameter(name, source);
  }

  #isParameter(name: string, source: Source): boolean {
    const byRule = this.#rule.isParameter(name, source);
    return this.options.isParameter?.(name, byRule) ?? byRule;
  }

  #inputOf(node: NodeProto, name: string, slot: number, where: string): Value | null {
    if (name === '') return null;
    return this.#buffers.get(node)?.get(slot) ?? this.#valueOf(name, where);
  }

  #valueOf(name: string, where: string): Value {
    const kept = this.#sources.resolve(name);
    const known = this.#values.get(kept);
    if (known) return known;
    const source = this.#sources.byName.get(kept) ?? fail(where, `"${name}" isn’t defined before it is used`);
    // An output must be able to have its name: toModel copies a constant into it.
    const value = this.#graph.constant(
      source.content(),
      this.#freeName(this.#outputs.has(kept) ? `${kept}/value` : kept),
    );
    this.#values.set(kept, value);
    return value;
  }

  #nodeName({ name, output }: NodeProto): string {
    const wanted = name || output.find(Boolean) || 'node';
    const free = this.#free.nodes.find(wanted, (text) => this.#nodeNames.has(text));
    this.#nodeNames.add(free);
    return free;
  }

  #freeName(wanted: string): string {
    return this.#free.values.find(wanted, (text) => this.#graph.hasName(text));
  }
}

/** Elements of a tensor, for one image: nothing that can be trained comes near it, and a small file can ask for more. */
const LARGEST_TENSOR = 2 ** 31;

function checkSize(shape: Shape, where: string): void {
  const count = shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
  if (count <= LARGEST_TENSOR) return;
  fail(where, 'makes too large a tensor', {
    expected: `at most ${LARGEST_TENSOR} elements`,
    got: formatShape(shape),
    hint: 'The file is damaged, or no network for images',
  });
}
