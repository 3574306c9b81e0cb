/** A 64-bit integer as protobufjs hands it out and takes it: two halves of 32 bits. */
interface Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned?: boolean;
}

const LEAST = -(2 ** 63);
const LARGEST: Halves = { low: -1, high: 0x7fffffff };
const SMALLEST: Halves = { low: 0, high: -0x80000000 };

/** A reader of decoded integers: to bigints when `exact`, else to numbers, rounded beyond 2^53. */
export function fromWireInt64(exact: boolean): (value: unknown) => number | bigint {
  return exact ? (value) => toBigInt(value as Halves) : (value) => toNumber(value as Halves);
}

/**
 * A number or bigint for protobufjs; numbers beyond the range of int64 become its ends. So the largest int64, which as
 * a number is 2^63, is written as it was read. What is neither is handed on for the schema's check to refuse.
 */
export function toWireInt64(value: unknown): unknown {
  if (typeof value === 'bigint') return halvesOf(value);
  if (typeof value !== 'number') return value;
  if (value >= -LEAST) return LARGEST;
  return value <= LEAST ? SMALLEST : value;
}

function toNumber({ low, high, unsigned }: Halves): number {
  return (unsigned ? high >>> 0 : high) * 2 ** 32 + (low >>> 0);
}

function toBigInt({ low, high, unsigned }: Halves): bigint {
  return (BigInt(unsigned ? high >>> 0 : high) << 32n) | BigInt(low >>> 0);
}

function halvesOf(value: bigint): Halves {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)) };
}
