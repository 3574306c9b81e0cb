import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { decodeModel, encodeModel, readModelFile, writeModelFile } from '../../src/onnx/file.js';
import type { ModelProto } from '../../src/onnx/model.js';
import { AgonError } from '../../src/util/error.js';
import { anyModel, SMALL } from './models.js';

const folder = await mkdtemp(join(tmpdir(), 'agon-onnx-'));
afterAll(() => rm(folder, { recursive: true }));

test('any model survives', () => {
  fc.assert(
    fc.property(anyModel, (model) => {
      const bytes = encodeModel(model);
      const read = decodeModel(bytes);
      expect(read).toEqual(model);
      expect(Buffer.compare(encodeModel(read), bytes)).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test('a model survives as a file', async () => {
  const path = join(folder, 'small.onnx');
  await writeModelFile(path, SMALL);
  expect(await readModelFile(path)).toEqual(SMALL);
});

test('the bytes are those of the specification', () => {
  const model: ModelProto = {
    irVersion: 9,
    opsetImport: [{ version: 20 }],
    graph: {
      name: 'g',
      node: [{ input: ['x'], output: ['y'], opType: 'Relu' }],
      input: [],
      output: [],
      initializer: [{ name: 'w', dims: [1], dataType: 2, rawData: Uint8Array.of(7) }],
    },
  };
  // Tag is 8 * field number + wire type; fields 1 and 8 of ModelProto, then 7 with GraphProto's 1, 2 and 5.
  const nodeBytes = [0x0a, 1, 0x78, 0x12, 1, 0x79, 0x22, 4, 0x52, 0x65, 0x6c, 0x75];
  const tensorBytes = [0x08, 1, 0x10, 2, 0x42, 1, 0x77, 0x4a, 1, 7];
  const graphBytes = [0x0a, nodeBytes.length, ...nodeBytes, 0x12, 1, 0x67, 0x2a, tensorBytes.length, ...tensorBytes];
  const expected = [0x08, 9, 0x42, 2, 0x10, 20, 0x3a, graphBytes.length, ...graphBytes];
  expect([...encodeModel(model)]).toEqual(expected);
});

test('initializers are views of what was decoded', () => {
  const bytes = encodeModel(SMALL);
  expect(decodeModel(bytes).graph.initializer[0]?.rawData?.buffer).toBe(bytes.buffer);
});

test('int64 fields are numbers; unsafe ones are rounded, the ends kept', () => {
  const ints = [0, -1, 2 ** 53, -(2 ** 53) + 1, 2 ** 63, -(2 ** 63), 2 ** 62 + 2 ** 20];
  const attribute = [{ name: 'a', ints }];
  const node = [{ input: [], output: [], opType: 'Test', attribute }];
  const model = { ...SMALL, graph: { ...SMALL.graph, node } };
  expect(decodeModel(encodeModel(model)).graph.node[0]?.attribute?.[0]?.ints).toEqual(ints);
});

test.each<[string, Uint8Array, RegExp]>([
  ['an empty file', new Uint8Array(), /^m\.onnx: is empty/],
  [
    'a PNG image',
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    /^m\.onnx: isn't a readable ModelProto/,
  ],
  ['a text file', new TextEncoder().encode('<!doctype html>'), /^m\.onnx: isn't a readable ModelProto/],
  ['a protobuf message of another kind', Uint8Array.of(0x0a, 1, 0x78), /^m\.onnx: is no ONNX model/],
  ['a model without a graph', Uint8Array.of(8, 9, 0x42, 2, 0x10, 20), /^m\.onnx: is no ONNX model: no graph/],
  ['a model without operator sets', Uint8Array.of(8, 9, 0x3a, 0), /^m\.onnx: imports no operator set/],
  ['a length of 4 GiB', Uint8Array.of(8, 9, 0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), /^m\.onnx: isn't a readable/],
])('%s is an error that names the file', (_, bytes, message) => {
  expect(() => decodeModel(bytes, 'm.onnx')).toThrow(AgonError);
  expect(() => decodeModel(bytes, 'm.onnx')).toThrow(message);
});

test('every truncation of a model is an error', () => {
  const bytes = encodeModel(SMALL);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeModel(bytes.subarray(0, length)), `${length} bytes`).toThrow(AgonError);
  }
});

test('graphs nested without end are an error', () => {
  let graph = SMALL.graph;
  for (let i = 0; i < 50; i++) {
    const attribute = [{ name: 'body', g: graph }];
    graph = { ...SMALL.graph, node: [{ input: [], output: [], opType: 'Loop', attribute }] };
  }
  expect(() => encodeModel({ ...SMALL, graph })).toThrow(/depth/);
});

test('a field of the wrong type is not written', () => {
  expect(() => encodeModel({ ...SMALL, irVersion: 1.5 }, 'm.onnx')).toThrow(/^m\.onnx: can't be written.*irVersion/);
});

test('a file that is absent, a folder, or no model is named', async () => {
  await expect(readModelFile(join(folder, 'absent.onnx'))).rejects.toThrow(/absent\.onnx: can't be read/);
  await expect(readModelFile(folder)).rejects.toThrow(/isn't a regular file/);
  const path = join(folder, 'text.onnx');
  await writeFile(path, 'hello');
  await expect(readModelFile(path)).rejects.toThrow(/text\.onnx: isn't a readable/);
});

test('a model beyond 2 GiB is refused before it is put together', () => {
  // Memory that is never touched costs nothing.
  const half = { name: 'w', dims: [2 ** 30], dataType: 2, rawData: new Uint8Array(2 ** 30) };
  const graph = { ...SMALL.graph, initializer: [half, half] };
  expect(() => encodeModel({ ...SMALL, graph }, 'm.onnx')).toThrow(/^m\.onnx: is too large.*2147483647 bytes/);
});

test('a failed write leaves the old file', async () => {
  const path = join(folder, 'kept.onnx');
  await writeModelFile(path, SMALL);
  const before = await readFile(path);
  await expect(writeModelFile(path, { ...SMALL, irVersion: 0.5 })).rejects.toThrow(AgonError);
  expect(await readFile(path)).toEqual(before);
});
