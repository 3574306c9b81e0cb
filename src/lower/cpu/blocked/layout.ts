import { Graph } from '../../../graph/graph.js';
import { neededNodes } from '../../../graph/inline.js';
import { type Node, namingNode, type Value } from '../../../graph/node/node.js';
import { sizesOf } from '../../../graph/node/sizes.js';
import { toNumbers } from '../../../onnx/tensor.js';
import { at } from '../../../util/checked.js';
import { affine, type Blocked, type Extras, fromBlocked, isBlockable, perChannel, toBlocked } from './blocked.js';
import type { Choose, FormChoice } from './forms.js';
import { interleave, type Phased } from './phases.js';
import { padTo, wholeBlocks } from './ragged.js';
import { type Shifted, shiftedByPivot } from './shifted.js';

/** A convolution that is put off until it is known what follows: a residual, an activation. */
export interface Pending {
  readonly build: (extras: Extras) => Blocked;
  readonly sum?: Blocked;
}

/** A blocked value up to a factor per channel, which what is linear in it can take along. */
export interface Scaled {
  readonly blocked: Blocked;
  /** [C]; one when left out. */
  readonly factor?: Value | undefined;
}

/** Where one value of the source graph stands in the target: in either layout or both, put off, up to a factor or shifted, or in phases. */
interface Place {
  plain?: Value;
  blocked?: Blocked;
  pending?: Pending;
  scaled?: Scaled;
  shifted?: Shifted;
  phased?: Phased;
}

/** What a rule gives for an output of its node. */
export type Placed =
  | { readonly plain: Value }
  | { readonly blocked: Blocked }
  | { readonly pending: Pending }
  | { readonly scaled: Scaled }
  | { readonly shifted: Shifted }
  | { readonly phased: Phased };

/** How a node is done in the blocked layout; undefined: not there, so it stays in the plain one. */
export type LayoutRule = (node: Node, layout: Layout) => readonly Placed[] | undefined;

/**
 * Carries a graph over into the blocked layout, node by node: a rule places its outputs, values change layout only where
 * a node needs the other one, and then once.
 */
export class Layout {
  readonly g: Graph;
  readonly #source: Graph;
  readonly #chooseForm: Choose;
  readonly #places = new Map<Value, Place>();
  readonly #consumers = new Map<Value, Node[]>();

  constructor(
    source: Graph,
    readonly block: number,
    chooseForm: Choose,
  ) {
    this.#chooseForm = chooseForm;
    this.#source = source;
    this.g = new Graph(source.name);
  }

  run(ruleOf: (node: Node) => LayoutRule | undefined): Graph {
    this.#copyDeclarations();
    const needed = neededNodes(this.#source);
    const nodes = this.#source.nodes.filter((node) => needed.has(node));
    for (const node of nodes) for (const input of node.inputs) if (input) this.#consumersOf(input).push(node);
    for (const node of nodes) namingNode(node, () => this.#place(node, ruleOf(node)));
    for (const [name, value] of this.#source.outputs) this.g.output(name, this.plain(value));
    return this.g;
  }

  /** The value in the plain layout. */
  plain(value: Value): Value {
    const constant = this.#source.constants.get(value);
    const place = this.#placeOf(value);
    if (constant && !place.plain) place.plain = this.g.constant(constant);
    place.plain ??= fromBlocked(this.g, this.blocked(value), Number(value.shape[1]));
    return place.plain;
  }

  /** The value, which must be {@link canBlock}, in the blocked layout. */
  blocked(value: Value): Blocked {
    const place = this.#placeOf(value);
    const { pending, scaled, shifted, phased } = place;
    if (!place.blocked && phased) place.blocked = interleave(this.g, phased, this.block);
    if (!place.blocked && pending) place.blocked = this.complete(pending);
    if (!place.blocked && scaled?.factor) place.blocked = affine(this.g, scaled.blocked, scaled.factor, null);
    if (!place.blocked && shifted) place.blocked = this.#shiftedBack(shifted);
    place.blocked ??= this.#toBlocked(this.plain(value));
    return place.blocked;
  }

  /** The value, which must be {@link canBlock}, blocked and perhaps up to a factor. */
  scaled(value: Value): Scaled {
    const { scaled, blocked } = this.#placeOf(value);
    return scaled && !blocked ? scaled : { blocked: this.blocked(value) };
  }

  /** The value, which must be {@link canBlock}, blocked and less an offset per channel that is near its mean. */
  shifted(value: Value): Shifted {
    const place = this.#placeOf(value);
    place.shifted ??= shiftedByPivot(this.g, this.blocked(value));
    return place.shifted;
  }

  /** Whether nothing but these inputs of these operators sees a value. */
  onlyFeeds(value: Value, inputs: Readonly<Record<string, number>>): boolean {
    if (this.#isOutput(value)) return false;
    return this.#consumersOf(value).every((node) => {
      const places = node.inputs.flatMap((input, i) => (input === value ? [i] : []));
      return places.length === 1 && places[0] === inputs[node.op];
    });
  }

  /** Whether no other node uses a value. */
  isOnlyFor(value: Value, node: Node): boolean {
    return !this.#isOutput(value) && this.#consumersOf(value).every((consumer) => consumer === node);
  }

  /** A value that was put off and that only this node uses: it may be merged into it. */
  pending(value: Value): Pending | undefined {
    const { pending, blocked } = this.#placeOf(value);
    return blocked || this.#consumersOf(value).length > 1 || this.#isOutput(value) ? undefined : pending;
  }

  /** A value that is still in phases and that only this node uses. */
  phased(value: Value): Phased | undefined {
    const { phased, blocked } = this.#placeOf(value);
    return blocked || this.#consumersOf(value).length > 1 || this.#isOutput(value) ? undefined : phased;
  }

  /** Does a computation in the form that was chosen for it, else in its first one. */
  choose(choice: Omit<FormChoice, 'shapes'>, inputs: readonly Value[]): Value {
    const { forms } = choice;
    const shapes = inputs.map(({ shape }) => shape);
    const single = Object.keys(forms).length === 1;
    // A choice among other forms is another choice
    const key = `${choice.key} ${Object.keys(forms).join('|')}`;
    const name = single ? undefined : this.#chooseForm({ ...choice, key, shapes });
    const form = forms[name ?? ''] ?? at(Object.values(forms), 0);
    return form(this.g, inputs);
  }

  /** A scalar constant's number. */
  constant(value: Value | null | undefined): number | undefined {
    const constant = this.#source.constantOf(value);
    return constant && toNumbers(constant)[0];
  }

  isBlocked(value: Value): boolean {
    const { blocked, pending, scaled, shifted, phased } = this.#placeOf(value);
    return [blocked, pending, scaled, shifted, phased].some((form) => form !== undefined);
  }

  canBlock(value: Value): boolean {
    return isBlockable(value, this.block);
  }

  /** Does what was put off, in one pass, with an activation. */
  complete({ build, sum }: Pending, activation?: Extras['activation']): Blocked {
    return build({ sum, activation });
  }

  #shiftedBack({ blocked, offset }: Shifted): Blocked {
    return affine(this.g, blocked, perChannel(this.g, Number(blocked.shape[1]), 1), offset);
  }

  #toBlocked(x: Value): Blocked {
    const [n, channels] = sizesOf(x, 2);
    return toBlocked(this.g, padTo(this.g, x, [n, wholeBlocks(channels, this.block)]));
  }

  #place(node: Node, rule: LayoutRule | undefined): void {
    const placed = this.g.within(node.name, () => rule?.(node, this)) ?? this.#copy(node);
    node.outputs.forEach((value, i) => {
      const place = placed[i];
      if (place) this.#places.set(value, { ...place });
    });
  }

  #copy(node: Node): Placed[] {
    const inputs = node.inputs.map((value) => value && this.plain(value));
    const options = { domain: node.domain, outputs: node.outputs.length, name: node.name };
    return this.g.ops(node.op, inputs, node.attributes, options).map((plain) => ({ plain }));
  }

  #copyDeclarations(): void {
    for (const input of this.#source.inputs) {
      this.#places.set(input, { plain: this.g.input(input.name, input.dtype, input.shape) });
    }
    for (const [name, { value, role, initialiser }] of this.#source.parameters) {
      this.#places.set(value, { plain: this.g.parameter(name, value.shape, initialiser, role) });
    }
  }

  #placeOf(value: Value): Place {
    const known = this.#places.get(value) ?? {};
    this.#places.set(value, known);
    return known;
  }

  #consumersOf(value: Value): Node[] {
    const known = this.#consumers.get(value) ?? [];
    this.#consumers.set(value, known);
    return known;
  }

  #isOutput(value: Value): boolean {
    return [...this.#source.outputs.values()].includes(value);
  }
}
