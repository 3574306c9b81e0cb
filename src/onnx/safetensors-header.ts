import { keysOf } from '../util/checked.js';
import { fail, messageOf } from '../util/error.js';
import type { NumericDType } from './dtype.js';

/** The length of the header's length: an unsigned little-endian 64-bit integer. */
export const PREFIX_SIZE = 8;

/** The header's key for free text. */
export const METADATA = '__metadata__';

/** The longest header that the format's reference implementation reads, in bytes. */
const LARGEST_HEADER = 100_000_000;

/** Objects in the header's object, and lists in those. */
const DEEPEST = 3;

/** The format's names of the element types. */
export const DTYPE_NAMES: Readonly<Record<NumericDType, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

const DTYPES: ReadonlyMap<unknown, NumericDType> = new Map(
  keysOf(DTYPE_NAMES).map((dtype) => [DTYPE_NAMES[dtype], dtype]),
);

/** One tensor of the header: `begin` and `end` count bytes from the end of the header, `where` is for errors. */
export interface Entry {
  readonly key: string;
  readonly where: string;
  readonly dtype: NumericDType;
  readonly dims: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A file's header, each entry checked by itself, and where the data begins. */
export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Record<string, string>;
  readonly dataStart: number;
}

/** Reads the header of a safetensors file of some size from the bytes that it begins with; errors begin with the file's name. */
export function readHeader(bytes: Uint8Array, size: number, name: string): Header {
  const end = headerEnd(bytes, size, name);
  const json = parseHeader(bytes.subarray(PREFIX_SIZE, end), name);
  const { [METADATA]: metadata = {}, ...rest } = json;
  return {
    entries: Object.entries(rest).map(([key, value]) => readEntry(key, value, name)),
    metadata: readMetadata(metadata, name),
    dataStart: end,
  };
}

/** Where the header of a file of some size ends, from its first {@link PREFIX_SIZE} bytes. */
export function headerEnd(prefix: Uint8Array, size: number, name: string): number {
  if (size < PREFIX_SIZE) {
    fail(name, 'is too short for a safetensors file', { expected: '8 bytes or more', got: `${size}` });
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  const most = Math.min(LARGEST_HEADER, size - PREFIX_SIZE);
  if (length <= most) return PREFIX_SIZE + Number(length);
  fail(name, 'has an impossible header length', {
    expected: `at most ${most} bytes`,
    got: `${length}`,
    hint: 'The file is cut short, or no safetensors file',
  });
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) fail(name, "has a header that doesn't begin with {");
  checkDepth(bytes, name);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    fail(name, `has a header that isn't JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** Fails on deep nesting before it is parsed: it would take a hundred times the header's memory. */
function checkDepth(bytes: Uint8Array, name: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) quoted = !quoted;
    else if (quoted) i += byte === 0x5c ? 1 : 0;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    if (depth > DEEPEST) fail(name, 'has a header with too many levels', { expected: `${DEEPEST} at most` });
  }
}

function readMetadata(value: unknown, name: string): Record<string, string> {
  const where = `${name}: ${METADATA}`;
  if (!isObject(value)) fail(where, "isn't an object of strings");
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      return typeof text === 'string' ? [key, text] : fail(where, `the value of ${shown(key)} isn't a string`);
    }),
  );
}

function readEntry(key: string, value: unknown, name: string): Entry {
  const where = `${name}: tensor ${shown(key)}`;
  if (!isObject(value)) fail(where, 'has a header entry that is no object');
  const { dtype: code, shape, data_offsets: offsets } = value;
  const dtype = DTYPES.get(code);
  if (!dtype)
    fail(where, 'unsupported dtype', { expected: `one of ${[...DTYPES.keys()].join(', ')}`, got: shown(code) });
  if (!isCounts(shape)) fail(where, 'wrong shape', { expected: 'a list of whole numbers >= 0', got: shown(shape) });
  if (!isCounts(offsets) || offsets.length !== 2) {
    fail(where, 'wrong data_offsets', { expected: 'two whole numbers >= 0', got: shown(offsets) });
  }
  const [begin = 0, end = 0] = offsets;
  if (begin > end) fail(where, 'its data ends before it begins', { got: shown(offsets) });
  return { key, where, dtype, dims: shape, begin, end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** A value from the file for a message, cut short. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(Array.isArray(value) ? value.slice(0, 8) : value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
