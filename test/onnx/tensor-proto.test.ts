import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../src/onnx/codec.js';
import type { TensorProto } from '../../src/onnx/model.js';
import { codeOfDtype, type DType, type TensorData, tensor } from '../../src/onnx/tensor.js';
import { decodeTensor, fromTensorProto, toTensorProto } from '../../src/onnx/tensor-proto.js';
import { AgonError } from '../../src/util/error.js';
import { bytesOf } from '../../src/util/typed-array.js';
import { expectSame, NUMERIC, tensorOf } from './samples.js';

test.each(NUMERIC)('%s survives as raw_data, through the wire format', (dtype) => {
  fc.assert(
    fc.property(tensorOf(dtype), (original) => {
      const proto = toTensorProto('x', original);
      expectSame(fromTensorProto(proto), original);
      expectSame(decodeTensor(encodeMessage('TensorProto', proto, 'test')), original);
    }),
    { numRuns: 50 },
  );
});

test('strings survive', () => {
  const original = tensor('string', [3], ['', '\ufeffÄrger', '\u{1f600}']);
  const bytes = encodeMessage('TensorProto', toTensorProto('s', original), 'test');
  expect(decodeTensor(bytes)).toEqual(original);
});

test('raw_data is a view of the elements', () => {
  const data = Float32Array.of(1, 2, 3);
  expect(toTensorProto('x', tensor('float32', [3], data)).rawData?.buffer).toBe(data.buffer);
  expect(fromTensorProto(toTensorProto('x', tensor('float32', [3], data))).data.valueOf()).toHaveProperty(
    'buffer',
    data.buffer,
  );
});

describe('typed fields', () => {
  const rows: [DType, Partial<TensorProto>, TensorData][] = [
    ['float32', { floatData: [1.5, -2] }, Float32Array.of(1.5, -2)],
    ['float64', { doubleData: [0.1, 1e300] }, Float64Array.of(0.1, 1e300)],
    ['float16', { int32Data: [0x3c00, 0xc000] }, Uint16Array.of(0x3c00, 0xc000)],
    ['bfloat16', { int32Data: [0x3f80, 0] }, Uint16Array.of(0x3f80, 0)],
    ['int8', { int32Data: [-128, 127] }, Int8Array.of(-128, 127)],
    ['int16', { int32Data: [-32768, 5] }, Int16Array.of(-32768, 5)],
    ['int32', { int32Data: [-1, 2 ** 31 - 1] }, Int32Array.of(-1, 2 ** 31 - 1)],
    ['int64', { int64Data: [-(2n ** 63n), 2n ** 62n + 1n] }, BigInt64Array.of(-(2n ** 63n), 2n ** 62n + 1n)],
    ['uint8', { int32Data: [0, 255] }, Uint8Array.of(0, 255)],
    ['uint16', { int32Data: [0, 65535] }, Uint16Array.of(0, 65535)],
    ['uint32', { uint64Data: [1n, 2n ** 32n - 1n] }, Uint32Array.of(1, 2 ** 32 - 1)],
    ['uint64', { uint64Data: [1n, 2n ** 64n - 1n] }, BigUint64Array.of(1n, 2n ** 64n - 1n)],
    ['bool', { int32Data: [1, 0] }, Uint8Array.of(1, 0)],
  ];
  test.each(rows)('%s', (dtype, field, data) => {
    const proto: TensorProto = { name: 'x', dims: [2], dataType: codeOfDtype(dtype), ...field };
    const expected = { dtype, dims: [2], data };
    expect(fromTensorProto(proto)).toEqual(expected);
    expect(decodeTensor(encodeMessage('TensorProto', proto, 'test'))).toEqual(expected);
  });
});

test('no data is right for a tensor without elements', () => {
  expect(fromTensorProto({ dims: [0, 3], dataType: 1 }).data).toEqual(new Float32Array());
});

test.each<[string, TensorProto, RegExp]>([
  ['raw_data of the wrong size', { name: 'w', dims: [3], dataType: 1, rawData: new Uint8Array(8) }, /"w".*12.*8/],
  ['too few elements', { name: 'w', dims: [3], dataType: 1, floatData: [1] }, /"w".*expected 3, got 1/],
  ['no data', { name: 'w', dims: [], dataType: 1 }, /"w".*expected 1, got 0/],
  ['a negative dimension', { name: 'w', dims: [-1], dataType: 1 }, /"w".*impossible dimension/],
  ['dimensions beyond all memory', { name: 'w', dims: [2 ** 40, 2 ** 40], dataType: 1 }, /"w".*got 0/],
  ['an element out of range', { name: 'w', dims: [1], dataType: 2, int32Data: [256] }, /"w".*uint8.*256/],
  ['an unknown element type', { name: 'w', dims: [], dataType: 0 }, /"w".*UNDEFINED/],
  ['a segment', { name: 'w', dims: [0], dataType: 1, segment: {} }, /"w".*segment/],
  ['external data', { name: 'w', dims: [0], dataType: 1, dataLocation: 1 }, /"w".*another file/],
])('%s is an error that names the tensor', (_, proto, message) => {
  expect(() => fromTensorProto(proto)).toThrow(AgonError);
  expect(() => fromTensorProto(proto)).toThrow(message);
});

test('a tensor whose length is wrong is not written', () => {
  const broken = { dtype: 'float32', dims: [3], data: Float32Array.of(1) } as const;
  expect(() => toTensorProto('w', broken)).toThrow(/tensor "w".*expected 3, got 1/);
});

test('a file that is no tensor is named', () => {
  expect(() => decodeTensor(Uint8Array.of(0x0a, 0xff), 'x.pb')).toThrow(/^x\.pb: isn't a readable TensorProto/);
  expect(() => decodeTensor(new Uint8Array(), 'x.pb')).toThrow(/^x\.pb: unsupported element type.*UNDEFINED/);
});

test('unaligned raw_data is copied, not misread', () => {
  const bytes = new Uint8Array(9);
  bytes.set(bytesOf(Float32Array.of(1, 2)), 1);
  const proto = { dims: [2], dataType: 1, rawData: bytes.subarray(1) };
  expect(fromTensorProto(proto).data).toEqual(Float32Array.of(1, 2));
});
