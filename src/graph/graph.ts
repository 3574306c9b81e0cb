import { type DType, type Tensor, tensor, toNumbers } from '../onnx/tensor.js';
import { at, type Tuple } from '../util/checked.js';
import { fail } from '../util/error.js';
import { inferOutputs, type SemanticOutputs, semanticOutputs } from './infer/infer.js';
import type { Initialiser } from './initialiser.js';
import { type Dim, MOST_KNOWN, type Shape } from './node/dim.js';
import { AGON, type Attributes, MICROSOFT, Node, type Value } from './node/node.js';

/**
 * A named tensor that a network learns (`weight`), keeps (`buffer`: running statistics), that stays as it is (`frozen`), that its
 * optimizer keeps, or that is the moving average of another (`average`).
 */
export interface Parameter {
  readonly value: Value<number>;
  readonly role: 'weight' | 'buffer' | 'frozen' | 'optimizer' | 'average';
  readonly initialiser: Initialiser;
}

/** How a node is added. */
export interface NodeOptions {
  /** The node's name; derived from scope and operator when left out. */
  readonly name?: string;
  /** How many outputs, or their names (`''` for one that isn't wanted); one output when left out. */
  readonly outputs?: number | readonly string[];
  /** Operator domain; `agon` and `com.microsoft` operators have methods of their own. */
  readonly domain?: string;
}

type NamedOnly = Pick<NodeOptions, 'name'>;

/** The values of a node's outputs: as many as the type of its options says. */
export type OutputsOf<O extends NodeOptions> = O extends { readonly outputs: infer Count extends number }
  ? Tuple<Value, Count>
  : O extends { readonly outputs: infer Names extends readonly string[] }
    ? { -readonly [I in keyof Names]: Value }
    : Value[];

/**
 * A graph under construction: inputs, parameters, constants, nodes in topological order, named outputs.
 * Shapes and types are inferred as nodes are added. Pure: no file, no device.
 */
export class Graph {
  readonly inputs: Value[] = [];
  readonly nodes: Node[] = [];
  readonly outputs = new Map<string, Value>();
  readonly parameters = new Map<string, Parameter>();
  readonly constants = new Map<Value, Tensor>();
  /** What is known of small integer tensors (shapes and axes computed in the graph). */
  readonly knownIntegers = new Map<Value, readonly Dim[]>();
  readonly #producers = new Map<Value, Node>();
  readonly #names = new Set<string>();
  readonly #constantsByContent = new Map<string, Value>();
  #scope = '';

  constructor(readonly name: string) {}

  /** Declares an input that is fed on every run. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.#declare(name, dtype, shape);
    this.inputs.push(value);
    return value;
  }

  /** Declares a float32 parameter under its full name, whatever the scope. */
  parameter(
    name: string,
    shape: readonly number[],
    initialiser: Initialiser,
    role: Parameter['role'] = 'weight',
  ): Value<number> {
    const value = this.#declare(name, 'float32', shape);
    this.parameters.set(name, { value, role, initialiser });
    return value;
  }

  /** A constant tensor. Small equal constants without a name are one value. */
  constant(content: Tensor, name?: string): Value {
    if (name !== undefined || content.data.length > 64) return this.#addConstant(content, name);
    const { dtype, dims, data } = content;
    // Texts may hold any separator
    const key = JSON.stringify([dtype, dims, Array.from<unknown, string>(data, exact)]);
    const known = this.#constantsByContent.get(key);
    if (known) return known;
    const value = this.#addConstant(content);
    this.#constantsByContent.set(key, value);
    return value;
  }

  /** A rank-0 float32 constant. */
  scalar(value: number): Value {
    return this.constant(tensor('float32', [], [value]));
  }

  /** A rank-1 int64 constant. */
  integers(values: readonly number[]): Value {
    return this.constant(tensor('int64', [values.length], values));
  }

  /** A rank-0 int64 constant. */
  scalarInteger(value: number): Value {
    return this.constant(tensor('int64', [], [value]));
  }

  /** Names a value as an output of the graph. */
  output(name: string, value: Value): Value {
    if (this.outputs.has(name)) fail(`graph ${this.name}`, `two outputs are called "${name}"`);
    this.outputs.set(name, value);
    return value;
  }

  /** Adds a node with one output. */
  op(op: string, inputs: readonly (Value | null)[], attributes: Attributes = {}, options: NodeOptions = {}): Value {
    return at(this.ops(op, inputs, attributes, options), 0);
  }

  /** Adds a node of the semantic training vocabulary. */
  agon<const Op extends string>(
    op: Op,
    inputs: readonly (Value | null)[],
    attributes?: Attributes,
    options?: NamedOnly,
  ): Tuple<Value, SemanticOutputs<Op>>;
  agon(op: string, inputs: readonly (Value | null)[], attributes: Attributes = {}, options: NamedOnly = {}): Value[] {
    return this.ops(op, inputs, attributes, { outputs: semanticOutputs(op), ...options, domain: AGON });
  }

  /** Adds a node of ONNX Runtime's own domain. */
  microsoft(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes = {},
    options: NodeOptions = {},
  ): Value {
    return this.op(op, inputs, attributes, { ...options, domain: MICROSOFT });
  }

  /** Adds a node and returns all its outputs. */
  ops<const O extends NodeOptions>(
    op: string,
    inputs: readonly (Value | null)[],
    attributes?: Attributes,
    options?: O,
  ): OutputsOf<O>;
  ops(op: string, inputs: readonly (Value | null)[], attributes: Attributes = {}, options: NodeOptions = {}): Value[] {
    const name = this.#uniqueName(options.name ?? this.scoped(op));
    const node = new Node(op, options.domain ?? '', name, inputs, attributes);
    for (const value of inputs) this.#checkOwned(node, value);
    const names = typeof options.outputs === 'object' ? options.outputs : this.#outputNames(name, options.outputs ?? 1);
    const inferred = inferOutputs(node, names.length, (value) => this.knownIntegers.get(value));
    names.forEach((outputName, i) => {
      const { dtype, shape, known } = inferred[i] ?? node.fail(`output ${i}`, `at most ${inferred.length} outputs`);
      const value = { name: this.#claim(outputName || this.#uniqueName(`${name}/unused_${i}`)), dtype, shape };
      if (known) this.knownIntegers.set(value, known);
      this.#producers.set(value, node);
      node.outputs.push(value);
    });
    this.nodes.push(node);
    return [...node.outputs];
  }

  /** Runs `build` with node names prefixed by `<scope>/`; scopes nest. */
  within<T>(scope: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = this.scoped(scope);
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** The node that makes a value; undefined for inputs, parameters and constants. */
  producer(value: Value): Node | undefined {
    return this.#producers.get(value);
  }

  /** The numbers in a constant value, or undefined when it isn't constant. */
  constantOf(value: Value | null | undefined): Tensor | undefined {
    return value ? this.constants.get(value) : undefined;
  }

  /** Whether a name is taken in this graph. */
  hasName(name: string): boolean {
    return this.#names.has(name);
  }

  /** The name itself, or with the first free suffix `_2`, `_3`, ... */
  #uniqueName(wanted: string): string {
    if (!this.#names.has(wanted)) return wanted;
    for (let i = this.#suffixes.get(wanted) ?? 2; ; i++) {
      const name = `${wanted}_${i}`;
      if (this.#names.has(name)) continue;
      this.#suffixes.set(wanted, i + 1);
      return name;
    }
  }
  readonly #suffixes = new Map<string, number>();

  #outputNames(node: string, count: number): string[] {
    return Array.from({ length: count }, (_, i) => (i === 0 ? node : this.#uniqueName(`${node}:${i}`)));
  }

  #addConstant(content: Tensor, name?: string): Value {
    const value = this.#declare(name ?? this.#uniqueName('constant'), content.dtype, content.dims);
    this.constants.set(value, content);
    const { dtype, dims, data } = content;
    if ((dtype === 'int64' || dtype === 'int32') && dims.length <= 1 && data.length <= MOST_KNOWN) {
      this.knownIntegers.set(value, toNumbers(content));
    }
    return value;
  }

  #declare<Size extends Dim>(name: string, dtype: DType, shape: readonly Size[]): Value<Size> {
    return { name: this.#claim(name), dtype, shape: [...shape] };
  }

  #claim(name: string): string {
    if (this.#names.has(name)) fail(`graph ${this.name}`, `two values are called "${name}"`);
    this.#names.add(name);
    return name;
  }

  /** A name under the current scope. */
  scoped(name: string): string {
    return this.#scope ? `${this.#scope}/${name}` : name;
  }

  #checkOwned(node: Node, value: Value | null): void {
    if (value && !this.#names.has(value.name))
      node.fail(`input "${value.name}"`, `a value of graph ${this.name}`, 'one of another graph');
  }
}

/** Text of a number that tells 0 from -0. */
function exact(value: unknown): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
