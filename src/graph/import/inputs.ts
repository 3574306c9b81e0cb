import type { DimensionProto, ValueInfoProto } from '../../onnx/model.js';
import { type DType, dtypeOfCode } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import { suggestion } from '../../util/suggest.js';
import { type Dim, product, type Shape } from '../node/dim.js';
import { FreeNames } from './names.js';

export interface InputType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface ShapeOptions {
  /** Shapes that replace those in the file, by input. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
  /** Makes a batch size that the file fixes symbolic. */
  readonly freeBatch?: boolean;
}

/** The symbol of the batch. */
const BATCH = 'N';

/**
 * The types of a file's inputs. Named sizes keep their names, unnamed ones are called `<input>_<axis>`; but the batch
 * is always `N`: the first symbolic or unknown size on an axis 0, and every unnamed one there.
 */
export function inputTypes(inputs: readonly ValueInfoProto[], options: ShapeOptions): Map<string, InputType> {
  for (const name of options.inputShapes?.keys() ?? []) checkInput(name, inputs);
  const fixedBatch = fixedBatchOf(inputs, options);
  const raw = inputs.map((input) => ({ name: input.name, dtype: dtypeOf(input), dims: dimsOf(input, options) }));
  const symbols = new Symbols(
    raw.flatMap(({ dims }) => dims ?? []),
    raw.map(({ dims }) => dims?.[0]?.dimParam).find(Boolean),
  );
  return new Map(
    raw.map(({ name, dtype, dims }) => {
      const given = options.inputShapes?.get(name);
      const shape = given ?? dims?.map((dim, axis) => toDim(dim, axis, name, symbols)) ?? unknownRank(name);
      return [
        name,
        { dtype, shape: fixedBatch !== undefined && shape[0] === fixedBatch ? [BATCH, ...shape.slice(1)] : shape },
      ];
    }),
  );
}

/** The batch size that `freeBatch` makes symbolic: that of the first input, when the file fixes it. */
export function fixedBatchOf(inputs: readonly ValueInfoProto[], options: ShapeOptions): number | undefined {
  return options.freeBatch ? inputs[0]?.type?.tensorType?.shape?.dim[0]?.dimValue : undefined;
}

function checkInput(name: string, inputs: readonly ValueInfoProto[]): void {
  const names = inputs.map((input) => input.name);
  if (!names.includes(name)) fail('model', `it has no input "${name}"`, { hint: suggestion(name, names) });
}

function dtypeOf({ name, type }: ValueInfoProto): DType {
  const code = type?.tensorType?.elemType ?? fail(`input "${name}"`, 'isn’t a tensor');
  return dtypeOfCode(code, `input "${name}"`);
}

function dimsOf({ name, type }: ValueInfoProto, { inputShapes }: ShapeOptions): readonly DimensionProto[] | undefined {
  return inputShapes?.has(name) ? undefined : type?.tensorType?.shape?.dim;
}

function unknownRank(name: string): never {
  fail(`input "${name}"`, 'its number of axes isn’t known', { hint: 'Give its shape (inputShapes)' });
}

function toDim(dim: DimensionProto, axis: number, input: string, symbols: Symbols): Dim {
  if (dim.dimParam) return symbols.named(dim.dimParam);
  // Some exporters write -1 for a size that isn't known.
  if (dim.dimValue !== undefined && dim.dimValue >= 0) return dim.dimValue;
  return axis === 0 ? BATCH : symbols.unnamed(`${input}_${axis}`);
}

/** Symbols for sizes: as dim.ts can hold them, and different ones for sizes that the file names differently or not at all. */
class Symbols {
  readonly #known = new Map<string, string>();
  readonly #taken = new Set([BATCH]);
  readonly #free = new FreeNames();

  /** @param batch - what the file calls the batch, if it does. */
  constructor(dims: readonly DimensionProto[], batch: string | undefined) {
    if (batch !== undefined) this.#known.set(batch, BATCH);
    const names = dims.flatMap(({ dimParam }) => dimParam?.split('*') ?? []);
    // Names that can stay as they are come before those that become one of them
    for (const name of names) if (plain(name) === name && name !== BATCH) this.#symbolOf(name);
  }

  /** That of a name; a product that Agon wrote (`2*N`) stays one, of the batch. */
  named(text: string): Dim {
    const parts = text.split('*');
    if (parts.length === 1) return product([this.#factor(text)]);
    return product(parts.map((part) => (part === BATCH ? BATCH : this.#factor(part))));
  }

  /** One that stands for nothing else. */
  unnamed(wanted: string): Dim {
    return this.#take(plain(wanted));
  }

  #factor(part: string): Dim {
    return /^\d+$/.test(part) ? Number(part) : this.#symbolOf(part);
  }

  #symbolOf(name: string): string {
    const known = this.#known.get(name) ?? this.#take(name === BATCH ? `${BATCH}_other` : plain(name));
    this.#known.set(name, known);
    return known;
  }

  #take(wanted: string): string {
    const symbol = this.#free.find(wanted, (name) => this.#taken.has(name));
    this.#taken.add(symbol);
    return symbol;
  }
}

function plain(name: string): string {
  const text = name.replace(/[^\w.]/g, '_');
  return /^[A-Za-z_]/.test(text) ? text : `d_${text}`;
}
