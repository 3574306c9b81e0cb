import { fail } from '../util/error.js';
import { ARRAY_TYPES, BIG_ARRAY_TYPES, isBig, NUMBER_ARRAY_TYPES } from './array-types.js';
import type { DType, NumericDType } from './dtype.js';
import { encodeBfloat, encodeHalf } from './half.js';
import type { TensorData } from './tensor.js';

type Elements = ArrayLike<number | bigint> | TensorData;

/** The elements in the dtype's own array: the very same if they are already, else converted; see `tensor`. */
export function convertElements<D extends DType>(dtype: D, data: Elements, where: string): TensorData<D>;
export function convertElements(dtype: DType, data: Elements, where: string): TensorData {
  if (dtype === 'string') return toStrings(data, where);
  if (isArrayOf(dtype, data)) return data;
  return isBig(dtype) ? toBig(dtype, data, where) : toNumberArray(dtype, data, where);
}

function isArrayOf<D extends NumericDType>(dtype: D, data: Elements): data is TensorData<D> {
  return data instanceof ARRAY_TYPES[dtype];
}

function toStrings(data: Elements, where: string): string[] {
  if (!Array.isArray(data)) fail(where, 'wrong elements', { expected: 'an array of strings' });
  const elements: unknown[] = data;
  if (elements.every((element) => typeof element === 'string')) return elements;
  const wrong = elements.findIndex((element) => typeof element !== 'string');
  return misfit('string', elements[wrong], wrong, where);
}

function toBig(dtype: keyof typeof BIG_ARRAY_TYPES, data: Elements, where: string): BigInt64Array | BigUint64Array {
  const array = new BIG_ARRAY_TYPES[dtype](data.length);
  for (let i = 0; i < data.length; i++) {
    const element = data[i];
    const whole = typeof element === 'bigint' || (typeof element === 'number' && Number.isInteger(element));
    if (!whole) misfit(dtype, element, i, where);
    const value = BigInt(element);
    array[i] = value;
    if (array[i] !== value) misfit(dtype, element, i, where);
  }
  return array;
}

const same = (value: number) => value;

function toNumberArray(dtype: keyof typeof NUMBER_ARRAY_TYPES, data: Elements, where: string): TensorData {
  const array = new NUMBER_ARRAY_TYPES[dtype](data.length);
  const encode = ENCODERS[dtype] ?? same;
  const exact = !dtype.includes('float');
  for (let i = 0; i < data.length; i++) {
    const element = data[i];
    if (typeof element !== 'number' && typeof element !== 'bigint') misfit(dtype, element, i, where);
    const value = Number(element);
    array[i] = encode(value);
    if (exact && array[i] !== value) misfit(dtype, element, i, where);
  }
  return array;
}

const ENCODERS: Partial<Record<DType, (value: number) => number>> = {
  float16: encodeHalf,
  bfloat16: encodeBfloat,
  bool: (value) => (value === 0 ? 0 : 1),
};

function misfit(dtype: DType, element: unknown, index: number, where: string): never {
  fail(where, `element ${index} doesn't fit its type`, { expected: dtype, got: String(element) });
}
