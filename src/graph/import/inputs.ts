import type { DimensionProto, ValueInfoProto } from '../../onnx/model.js';
import { type DType, dtypeOfCode } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import { suggestion } from '../../util/suggest.js';
import { type Dim, product, type Shape } from '../dim.js';

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
  const batch = raw.map(({ dims }) => dims?.[0]?.dimParam).find(Boolean);
  const rename = (name: string) => (name === batch ? BATCH : name === BATCH ? `${BATCH}_other` : name);
  return new Map(
    raw.map(({ name, dtype, dims }) => {
      const given = options.inputShapes?.get(name);
      const shape = given ?? dims?.map((dim, axis) => toDim(dim, axis, name, rename)) ?? unknownRank(name);
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

function toDim(dim: DimensionProto, axis: number, input: string, rename: (name: string) => string): Dim {
  if (dim.dimParam) return symbol(rename(dim.dimParam));
  // Some exporters write -1 for a size that isn't known.
  if (dim.dimValue !== undefined && dim.dimValue >= 0) return dim.dimValue;
  return axis === 0 ? BATCH : symbol(rename(`${input}_${axis}`));
}

/** A name as dim.ts can hold it; a product that Agon wrote (`2*N`) stays one. */
function symbol(name: string): Dim {
  return product(name.split('*').map((part) => (/^\d+$/.test(part) ? Number(part) : plain(part))));
}

function plain(name: string): string {
  const text = name.replace(/[^\w.]/g, '_');
  return /^[A-Za-z_]/.test(text) ? text : `d_${text}`;
}
