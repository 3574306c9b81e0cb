import { Graph } from '../../graph/graph.js';
import { neededNodes } from '../../graph/inline.js';
import { type Node, namingNode, type Value } from '../../graph/node/node.js';
import { present } from '../../util/error.js';
import { HALF, halfAttributes, halfOf, SINGLE } from './numbers.js';
import { computeTypeOf, decidingInput, VIEWS } from './table.js';

type FloatType = 'half' | 'single';

/**
 * A semantic graph of float32 in mixed precision, as torch.autocast has it: what `table.ts` says computes in float16, with casts wherever a
 * value goes from one type to the other; inputs, parameters and outputs stay float32, so that weights are masters that are cast once.
 * A Cast of float32 to float32 says that what comes of it is float32, whatever it is made of.
 */
export function inMixedPrecision(source: Graph): Graph {
  const target = new Graph(source.name);
  const walk = new MixedWalk(source, target);
  const needed = neededNodes(source);
  for (const node of source.nodes) if (needed.has(node)) walk.visit(node);
  for (const [name, value] of source.outputs) target.output(name, walk.read(value, 'single'));
  return target;
}

/**
 * Numbers that are exact in either type, or as good as it (constants, masks and what is computed of these alone), are `weak`: they are made
 * where they are read, in the type that is wanted there.
 */
class MixedWalk {
  readonly #copies = new Map<Value, Partial<Record<FloatType, Value>>>();
  /** The type that a float32 value of the source is computed in. */
  readonly #types = new Map<Value, FloatType>();
  readonly #weak = new Map<Value, Node>();

  constructor(
    private readonly source: Graph,
    private readonly target: Graph,
  ) {
    for (const input of source.inputs) this.#put(input, 'single', target.input(input.name, input.dtype, input.shape));
    for (const [name, { value, role, initialiser }] of source.parameters)
      this.#put(value, 'single', target.parameter(name, value.shape, initialiser, role));
  }

  #put(value: Value, type: FloatType, copy: Value): void {
    this.#keep(value, type, copy);
    if (value.dtype === 'float32' && !this.#weak.has(value) && !this.#types.has(value)) this.#types.set(value, type);
  }

  visit(node: Node): void {
    const floats = node.inputs.filter((value): value is Value => value?.dtype === 'float32');
    const [input] = floats;
    if (node.op === 'Cast' && node.domain === '' && input && node.number('to') === SINGLE) {
      this.#put(node.output(), 'single', this.read(input, 'single'));
    } else if (this.#isWeak(node, floats)) {
      for (const output of node.outputs) this.#weak.set(output, node);
    } else if (computeTypeOf(node) === 'around') {
      this.#makeAround(node);
    } else {
      this.#make(node, this.#typeFor(node, floats));
    }
  }

  #typeFor(node: Node, floats: readonly Value[]): FloatType {
    const compute = computeTypeOf(node);
    if (compute === 'half' || compute === 'single') return compute;
    const types = floats.map((value) => this.#types.get(value));
    return types.includes('half') && !types.includes('single') ? 'half' : 'single';
  }

  #isWeak({ op, domain, outputs }: Node, floats: readonly Value[]): boolean {
    if (!outputs.every(({ dtype }) => dtype === 'float32')) return false;
    if (floats.some((value) => this.#types.has(value))) return false;
    return (op === 'Cast' && domain === '') || computeTypeOf({ op, domain }) === 'follow';
  }

  /** Reads a value in a type; what isn't float32 has only one. */
  read(value: Value, type: FloatType): Value {
    const known = this.#copies.get(value);
    if (value.dtype !== 'float32' && known) return present(known.single, value.name);
    return known?.[type] ?? this.#convert(value, type);
  }

  #convert(value: Value, type: FloatType): Value {
    const constant = this.source.constants.get(value);
    if (constant) {
      const isHalf = type === 'half' && value.dtype === 'float32';
      return this.#keep(value, isHalf ? 'half' : 'single', this.target.constant(isHalf ? halfOf(constant) : constant));
    }
    const again = this.#weak.get(value) ?? this.#viewOf(value, type);
    if (again) {
      this.#make(again, type);
      return present(this.#copies.get(value)?.[type], value.name);
    }
    const other = present(this.#copies.get(value)?.[type === 'half' ? 'single' : 'half'], value.name);
    const to = type === 'half' ? HALF : SINGLE;
    return this.#keep(value, type, this.target.op('Cast', [other], { to }, { name: `${value.name}_${type}` }));
  }

  /** The node that only shows a float32 value otherwise, where that is to be read in float16: it shows the float16 copy as well. */
  #viewOf(value: Value, type: FloatType): Node | undefined {
    if (type !== 'half' || this.#types.get(value) !== 'single') return undefined;
    const node = this.source.producer(value);
    return node && VIEWS.has(node.op) && node.domain === '' ? node : undefined;
  }

  #keep(value: Value, type: FloatType, copy: Value): Value {
    this.#copies.set(value, { ...this.#copies.get(value), [type]: copy });
    return copy;
  }

  /** Copies a node that computes in a type. */
  #make(node: Node, type: FloatType): Value[] {
    const inputs = node.inputs.map((value) => value && this.read(value, type));
    const isFirst = type === 'half' && !inputs.some((value) => value?.dtype === 'float16');
    const attributes = isFirst ? halfAttributes(node.op, node.attributes) : node.attributes;
    const { domain, name } = node;
    const made = namingNode(node, () =>
      this.target.ops(node.op, inputs, attributes, { domain, name, outputs: node.outputs.length }),
    );
    node.outputs.forEach((output, i) => {
      this.#put(output, output.dtype === 'float32' ? type : 'single', present(made[i], output.name));
    });
    return made;
  }

  /** Computes in float32; the first output is float16 where the deciding input is. */
  #makeAround(node: Node): void {
    const isHalf = this.#types.get(node.input(decidingInput(node))) === 'half';
    const [first] = this.#make(node, 'single');
    if (!isHalf || !first) return;
    const [output] = node.outputs;
    const value = present(output, node.name);
    const half = this.target.op('Cast', [first], { to: HALF }, { name: `${value.name}_half` });
    this.#copies.set(value, { half });
    this.#types.set(value, 'half');
  }
}
