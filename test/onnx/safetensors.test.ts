import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeSafetensors, readSafetensors } from '../../src/onnx/safetensors.js';
import { tensor } from '../../src/onnx/tensor.js';
import { AgonError } from '../../src/util/error.js';
import { anyTensor, expectSame, NUMERIC } from './samples.js';

/** A file made of a header's text and the data's bytes. */
function file(header: string, data = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__');

test('tensors and metadata survive', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(names, anyTensor), { selector: ([name]) => name }), (tensors) => {
      const metadata = Object.fromEntries(tensors.map(([name]) => [name, name]));
      const bytes = encodeSafetensors(tensors, metadata);
      const read = readSafetensors(bytes);
      expect(read.metadata).toEqual(metadata);
      expect(read.tensors.size).toBe(tensors.length);
      for (const [name, original] of tensors) expectSame(read.tensors.get(name), original);
    }),
  );
});

test('the header is padded, its order is kept, and every tensor is a view', () => {
  const tensors = NUMERIC.map((dtype) => [dtype, tensor(dtype, [3], [1, 0, 1])] as const);
  const bytes = encodeSafetensors(tensors.toReversed());
  expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  const read = readSafetensors(bytes);
  expect([...read.tensors.keys()]).toEqual(NUMERIC.toReversed());
  for (const { data } of read.tensors.values()) expect(data).toHaveProperty('buffer', bytes.buffer);
});

test('a file as the specification shows it', () => {
  const header = '{"a":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},"__metadata__":{"by":"hand"}}   ';
  const { tensors, metadata } = readSafetensors(file(header, Uint8Array.of(0, 0x3c, 0, 0xc0)));
  expect(tensors.get('a')).toEqual({ dtype: 'float16', dims: [1, 2], data: Uint16Array.of(0x3c00, 0xc000) });
  expect(metadata).toEqual({ by: 'hand' });
});

describe('what the format forbids', () => {
  const entry = (shape: string, offsets: string, dtype = '"U8"') =>
    `{"a":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}}`;
  const two = new Uint8Array(2);
  test.each<[string, Uint8Array, RegExp]>([
    ['no bytes', new Uint8Array(), /^f: is too short/],
    ['a header longer than the file', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123), /header length: expected at most 1/],
    ['a header length of 2^64 - 1', new Uint8Array(16).fill(255), /header length/],
    ['a header that is a list', file('[]'), /begin with \{/],
    ['a header after a blank', file(' {}'), /begin with \{/],
    ['broken JSON', file('{"a"'), /isn't JSON/],
    ['broken UTF-8', file('{"a":1}').fill(255, 10, 11), /isn't JSON/],
    ['deep nesting', file(`{"a":${'['.repeat(1e6)}`), /too many levels/],
    ['an entry that is a number', file('{"a":1}'), /^f: tensor "a": has a header entry/],
    ['metadata that is null', file('{"__metadata__":null}'), /__metadata__/],
    ['metadata with a number', file('{"__metadata__":{"x":1}}'), /__metadata__: the value of "x"/],
    ['an unknown dtype', file(entry('[2]', '[0,2]', '"F8_E4M3"'), two), /"a": unsupported dtype.*F8_E4M3/],
    ['a dtype that is a list', file(entry('[2]', '[0,2]', '[]'), two), /"a": unsupported dtype/],
    ['a negative dimension', file(entry('[-2]', '[0,2]'), two), /"a": wrong shape/],
    ['a fractional dimension', file(entry('[0.5]', '[0,2]'), two), /"a": wrong shape/],
    ['an unsafe dimension', file(entry('[1e300]', '[0,2]'), two), /"a": wrong shape/],
    ['a shape that is a number', file(entry('2', '[0,2]'), two), /"a": wrong shape/],
    ['three offsets', file(entry('[2]', '[0,2,3]'), two), /"a": wrong data_offsets/],
    ['a negative offset', file(entry('[2]', '[-1,1]'), two), /"a": wrong data_offsets/],
    ['offsets in the wrong order', file(entry('[0]', '[2,0]'), two), /"a": its data ends before/],
    ['a size that is not the shape', file(entry('[3]', '[0,2]'), two), /"a": wrong number of bytes.*3.*2/],
    ['a shape beyond all memory', file(entry(`[${2 ** 52},${2 ** 52}]`, '[0,2]'), two), /"a": wrong number/],
    ['a hole', file(entry('[1]', '[1,2]'), two), /"a": its data leaves a hole/],
    ['data behind the last tensor', file(entry('[1]', '[0,1]'), two), /^f: has bytes behind/],
    ['data that is missing', file(entry('[3]', '[0,3]'), two), /^f: is cut short/],
    [
      'an overlap',
      file(
        '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        two,
      ),
      /"b": its data overlaps/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, 'f')).toThrow(AgonError);
    expect(() => readSafetensors(bytes, 'f')).toThrow(message);
  });
});

test('what the format lacks is not written', () => {
  const one = tensor('float32', [1], [1]);
  const encode = (...tensors: Parameters<typeof encodeSafetensors>[0][]) =>
    encodeSafetensors(tensors.flatMap((t) => [...t]));
  expect(() => encode([['a', one]], [['a', one]])).toThrow(/tensor "a": is given twice/);
  expect(() => encode([['__metadata__', one]])).toThrow(/reserved/);
  expect(() => encode([['s', tensor('string', [1], ['x'])]])).toThrow(/tensor "s": strings/);
  expect(() => encode([['w', { ...one, dims: [2] }]])).toThrow(/tensor "w".*expected 2, got 1/);
});

const FIXTURES = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url));
const fixtures = existsSync(FIXTURES) ? readdirSync(FIXTURES).filter((name) => name.endsWith('.safetensors')) : [];

describe.skipIf(fixtures.length === 0)(`PyTorch's files in ../shared/fixtures (skipped where that is absent)`, () => {
  test.each(fixtures)('%s: read, written and read again', (name) => {
    const { tensors, metadata } = readSafetensors(readFileSync(FIXTURES + name), name);
    expect(tensors.size).toBeGreaterThan(10);
    expect(['"single"', '"competition"']).toContain(metadata.kind);
    const again = readSafetensors(encodeSafetensors(tensors, metadata), name);
    expect(again.metadata).toEqual(metadata);
    expect([...again.tensors.keys()]).toEqual([...tensors.keys()]);
    for (const [key, original] of tensors) expectSame(again.tensors.get(key), original);
  });
});
