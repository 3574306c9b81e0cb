import { readWhole } from '../../onnx/read-whole.js';
import { dtypeOfCode, elementCount, type Tensor } from '../../onnx/tensor.js';
import { viewElements } from '../../onnx/view-elements.js';
import { fail } from '../../util/error.js';
import { FIELDS, IDENTIFIER, type Momenta, type OptimizerGroup, type OrtCheckpoint } from './checkpoint.js';
import { FlatbufferTable } from './flatbuffer-table.js';

/** Reads a checkpoint file. One that is missing, foreign or damaged is an error that names it. */
export async function readOrtCheckpoint(path: string): Promise<OrtCheckpoint> {
  return decodeOrtCheckpoint(await readWhole(path), path);
}

/** Decodes a checkpoint of version 1 or 2, which are laid out alike. Tensors are views where they are aligned. */
export function decodeOrtCheckpoint(bytes: Uint8Array, path = 'checkpoint'): OrtCheckpoint {
  const root = FlatbufferTable.root(bytes, IDENTIFIER, path);
  const version = root.int32(FIELDS.checkpoint.version);
  if (version !== 1 && version !== 2) {
    fail(path, 'version of the checkpoint', { expected: '1 or 2', got: String(version) });
  }
  const module = root.table(FIELDS.checkpoint.module) ?? fail(path, 'it holds no parameters (no module state)');
  if (module.bool(FIELDS.module.external)) {
    fail(path, 'its tensors are in another file, which is not supported', { hint: 'Save it without external data' });
  }
  const nominal = module.bool(FIELDS.module.nominal);
  const tensors = (field: number) => {
    return new Map((module.tables(field) ?? []).map((table) => readTensor(table, nominal, path)));
  };
  return {
    trainable: tensors(FIELDS.module.trainable),
    frozen: tensors(FIELDS.module.frozen),
    optimizers: (root.tables(FIELDS.checkpoint.optimizers) ?? []).map((group) => readGroup(group, path)),
    properties: readProperties(root.table(FIELDS.checkpoint.properties)),
    nominal,
  };
}

function readGroup(table: FlatbufferTable, path: string): OptimizerGroup {
  const states = (table.tables(FIELDS.group.states) ?? []).map((state): [string, Momenta] => {
    const momenta = (state.tables(FIELDS.state.momenta) ?? []).map((each) => readTensor(each, false, path));
    return [state.string(FIELDS.state.parameter) ?? '', new Map(momenta)];
  });
  return {
    name: table.string(FIELDS.group.name) ?? '',
    step: table.int64(FIELDS.group.step),
    initialLearningRate: table.float32(FIELDS.group.learningRate),
    states: new Map(states),
  };
}

function readTensor(table: FlatbufferTable, nominal: boolean, path: string): [string, Tensor] {
  const name = table.string(FIELDS.tensor.name) ?? fail(path, 'a tensor without a name');
  const where = `${path}: tensor ${JSON.stringify(name).slice(0, 200)}`;
  const dtype = dtypeOfCode(table.int32(FIELDS.tensor.type), where);
  if (dtype === 'string') fail(where, 'holds strings, which checkpoints of ONNX Runtime may not');
  const dims = (table.int64s(FIELDS.tensor.dims) ?? []).map(Number);
  if (dims.some((size) => !Number.isSafeInteger(size) || size < 0)) fail(where, 'has a negative or absurd size');
  const raw = table.bytes(FIELDS.tensor.raw) ?? new Uint8Array(0);
  if (nominal && raw.length === 0 && elementCount(dims, where) > 0) {
    return [name, { dtype, dims: [0], data: new Float32Array(0) }];
  }
  return [name, viewElements(dtype, dims, raw, where)];
}

function readProperties(bag: FlatbufferTable | undefined): OrtCheckpoint['properties'] {
  const read = <T>(field: number, value: (table: FlatbufferTable) => T) => {
    const tables = bag?.tables(field) ?? [];
    return tables.map((table) => [table.string(FIELDS.property.name) ?? '', value(table)] as const);
  };
  return new Map<string, bigint | number | string>([
    ...read(FIELDS.bag.ints, (table) => table.int64(FIELDS.property.value)),
    ...read(FIELDS.bag.floats, (table) => table.float32(FIELDS.property.value)),
    ...read(FIELDS.bag.strings, (table) => table.string(FIELDS.property.value) ?? ''),
  ]);
}
