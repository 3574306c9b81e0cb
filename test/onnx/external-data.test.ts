import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encodeModel, readModelFile } from '../../src/onnx/file.js';
import type { ModelProto, TensorProto } from '../../src/onnx/model.js';
import { fromTensorProto } from '../../src/onnx/tensor-proto.js';
import { AgonError } from '../../src/util/error.js';
import { bytesOf } from '../../src/util/typed-array.js';
import { SMALL } from './models.js';

const root = await mkdtemp(join(tmpdir(), 'agon-external-'));
const folder = join(root, 'model');
await mkdir(join(folder, 'parts'), { recursive: true });
await writeFile(join(root, 'secret.bin'), new Uint8Array(64));
await writeFile(join(folder, 'parts', 'w.bin'), bytesOf(Float32Array.of(1, 2, 3, 4)));
await symlink(join(root, 'secret.bin'), join(folder, 'link.bin'));
afterAll(() => rm(root, { recursive: true }));

function external(entries: Readonly<Record<string, string>>): TensorProto {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return { name: 'w', dims: [2], dataType: 1, dataLocation: 1, externalData };
}

async function read(model: ModelProto): Promise<ModelProto> {
  const path = join(folder, 'm.onnx');
  await writeFile(path, encodeModel(model));
  return readModelFile(path);
}

function withInitializer(proto: TensorProto): ModelProto {
  return { ...SMALL, graph: { ...SMALL.graph, initializer: [proto] } };
}

test('external data is read, in initializers and in subgraphs', async () => {
  const tail = external({ location: 'parts/w.bin', offset: '8' });
  const head = external({ location: 'parts/w.bin', offset: '0', length: '8', checksum: 'x' });
  const body = { ...SMALL.graph, initializer: [head] };
  const attribute = [
    { name: 'body', g: body },
    { name: 'value', t: tail },
  ];
  const node = [{ input: [], output: ['y'], opType: 'If', attribute }];
  const { graph } = await read({ ...SMALL, graph: { ...SMALL.graph, node, initializer: [tail] } });
  const [inner, value] = graph.node[0]?.attribute ?? [];
  const elements = [graph.initializer[0], value?.t, inner?.g?.initializer[0]].map(
    (proto) => proto && fromTensorProto(proto).data,
  );
  expect(elements).toEqual([Float32Array.of(3, 4), Float32Array.of(3, 4), Float32Array.of(1, 2)]);
  expect(graph.initializer[0]).not.toHaveProperty('externalData');
});

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['a path out of the folder', { location: '../secret.bin' }, /"..\/secret.bin" lies outside/],
  ['a hidden path out of the folder', { location: 'parts/../../secret.bin' }, /lies outside/],
  ['an absolute path', { location: join(folder, 'parts', 'w.bin') }, /lies outside/],
  ['a device', { location: '/dev/zero' }, /lies outside/],
  ['a link out of the folder', { location: 'link.bin' }, /"link.bin" lies outside/],
  ['the folder itself', { location: '.' }, /lies outside/],
  ['no path', { location: '' }, /lies outside/],
  ['a folder', { location: 'parts' }, /isn't a regular file/],
  ['a missing file', { location: 'absent.bin' }, /m\.onnx: external data file "absent.bin" can't be read/],
  ['a NUL in the path', { location: 'a\0b' }, /can't be read/],
  ['no location', { offset: '0' }, /tensor "w" has no location/],
  ['a negative offset', { location: 'parts/w.bin', offset: '-1' }, /tensor "w" has a wrong offset.*"-1"/],
  ['a huge length', { location: 'parts/w.bin', length: '999999999999999' }, /tensor "w" ends beyond parts\/w.bin/],
  ['an offset beyond the end', { location: 'parts/w.bin', offset: '17' }, /tensor "w" ends beyond/],
])('%s is an error', async (_, entries, message) => {
  const reading = read(withInitializer(external(entries)));
  await expect(reading).rejects.toThrow(AgonError);
  await expect(reading).rejects.toThrow(message);
});

test('a file is read once, whatever it is called, and not handed out again and again', async () => {
  const shared = (count: number) => {
    const initializer = Array.from({ length: count }, (_, i) => ({
      ...external({ location: `${'./'.repeat(i)}parts/w.bin`, length: '8' }),
      name: `w${i}`,
    }));
    return read({ ...SMALL, graph: { ...SMALL.graph, initializer } });
  };
  const { graph } = await shared(8);
  const buffers = graph.initializer.map(({ rawData }) => rawData?.buffer);
  expect(new Set(buffers).size).toBe(1);
  await expect(shared(9)).rejects.toThrow(
    /m\.onnx: external data is used again and again, last by tensor "w8": expected in all at most 4 times the files' 16 bytes/,
  );
});
