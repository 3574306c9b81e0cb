import type { DType, Tensor } from '../../onnx/tensor.js';
import { AgonError, fail } from '../../util/error.js';
import { asNumbers, type Dim, formatShape } from './dim.js';

/** The domain of Agon's semantic training operators; a lowering replaces them by operators of its target. */
export const AGON = 'agon';
/** The domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';
/** ONNX Runtime's channel-blocked operators: internal to its CPU provider. */
export const NCHWC = 'com.microsoft.nchwc';

/** A tensor in a graph: its name is unique in there, its identity is the object. A `Value<number>` has no symbolic size. */
export interface Value<Size extends Dim = Dim> {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Size[];
}

/** `{ float }` marks a float attribute whose name alone doesn't tell (see `isFloatAttribute`). */
export type Attribute =
  | number
  | readonly number[]
  | string
  | readonly string[]
  | Tensor
  | { readonly float: number }
  | { readonly floats: readonly number[] };
/** The attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

export function isNumbers(value: Attribute | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

export function isTexts(value: Attribute | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

const FLOAT_ATTRIBUTES = new Set([
  'alpha',
  'beta',
  'gamma',
  'epsilon',
  'momentum',
  'ratio',
  'value_float',
  'bias',
  'norm_coefficient',
]);

/** Whether a plain number under this attribute's name is a float; every other plain number is an int. */
export function isFloatAttribute(name: string): boolean {
  return FLOAT_ATTRIBUTES.has(name);
}

/** One operator of a graph, with typed access to its inputs and attributes. */
export class Node {
  constructor(
    readonly op: string,
    readonly domain: string,
    readonly name: string,
    readonly inputs: readonly (Value | null)[],
    readonly attributes: Attributes,
    /** Filled once by the graph, after shape inference. */
    readonly outputs: Value[] = [],
  ) {}

  /** The i-th input; an error that names the node when it is absent. */
  input(i: number): Value {
    return this.inputs[i] ?? this.fail(`input ${i} is missing`);
  }

  /** The i-th output; an error that names the node when it is absent. */
  output(i = 0): Value {
    return this.outputs[i] ?? this.fail(`output ${i} is missing`);
  }

  /** Whether the attribute is there. */
  has(attribute: string): boolean {
    return this.attributes[attribute] !== undefined;
  }

  /** A number; an error that names the node where it is absent without a fallback, or something else. Likewise the two below. */
  number(attribute: string, fallback?: number): number {
    const value = this.attributes[attribute] ?? fallback;
    if (typeof value === 'number') return value;
    if (value && typeof value === 'object' && 'float' in value) return value.float;
    return this.fail(`attribute ${attribute}`, 'a number', describe(value));
  }

  /** A list of numbers. */
  numbers(attribute: string, fallback?: readonly number[]): readonly number[] {
    const value = this.attributes[attribute] ?? fallback;
    if (value && typeof value === 'object' && 'floats' in value) return value.floats;
    if (isNumbers(value)) return value;
    return this.fail(`attribute ${attribute}`, 'a list of numbers', describe(value));
  }

  /** A string. */
  string(attribute: string, fallback?: string): string {
    const value = this.attributes[attribute] ?? fallback;
    return typeof value === 'string' ? value : this.fail(`attribute ${attribute}`, 'a string', describe(value));
  }

  /** A tensor, or undefined where the attribute is left out. */
  tensor(attribute: string): Tensor | undefined {
    const value = this.attributes[attribute];
    if (value === undefined || (typeof value === 'object' && 'dtype' in value)) return value;
    return this.fail(`attribute ${attribute}`, 'a tensor', describe(value));
  }

  /** The i-th input's shape with every size settled; an error that names the node otherwise. */
  sizes(i: number): number[] {
    const { shape } = this.input(i);
    return asNumbers(shape) ?? this.fail(`shape of input ${i}`, 'all sizes known', formatShape(shape));
  }

  /** One size of the i-th input, settled. */
  size(i: number, axis: number): number {
    const dim: Dim | undefined = this.input(i).shape[axis];
    return typeof dim === 'number' ? dim : this.fail(`axis ${axis} of input ${i}`, 'a known size', String(dim));
  }

  /** Throws an error that names this node. */
  fail(what: string, expected?: string, got?: string, hint?: string): never {
    return fail(this.describe(), what, { ...(expected && { expected }), ...(got && { got }), ...(hint && { hint }) });
  }

  /** `Conv "layer1.0.conv1"`, as errors name a node. */
  describe(): string {
    const operator = this.domain ? `${this.domain}.${this.op}` : this.op;
    return `${operator} "${this.name}"`;
  }
}

/** Wraps what a callback throws so that it names the node, unless it does already. */
export function namingNode<T>(node: Node, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof AgonError && !error.message.includes(`"${node.name}"`))
      fail(node.describe(), error.message, { cause: error });
    throw error;
  }
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
