import { Builder, type Offset } from 'flatbuffers';
import { codeOfDtype, type Tensor, tensorBytes } from '../../onnx/tensor.js';
import { FIELDS, IDENTIFIER, type OptimizerGroup, type OrtCheckpoint, VERSION } from './checkpoint.js';

/** Encodes a checkpoint as version 2, which ONNX Runtime 1.19 reads, with its tensors in their order. */
export function encodeOrtCheckpoint({ trainable, frozen, optimizers, properties, nominal }: OrtCheckpoint): Uint8Array {
  const b = new Builder(1024);
  const module = writeModule(b, trainable, frozen, nominal);
  const groups = vectorOf(
    b,
    optimizers.map((group) => writeGroup(b, group)),
  );
  const bag = properties.size > 0 ? writeProperties(b, properties) : 0;
  b.startObject(4);
  b.addFieldInt32(FIELDS.checkpoint.version, VERSION, 0);
  b.addFieldOffset(FIELDS.checkpoint.module, module, 0);
  b.addFieldOffset(FIELDS.checkpoint.optimizers, groups, 0);
  if (bag) b.addFieldOffset(FIELDS.checkpoint.properties, bag, 0);
  b.finish(b.endObject(), IDENTIFIER);
  return b.asUint8Array();
}

type Tensors = ReadonlyMap<string, Tensor>;

function writeModule(b: Builder, trainable: Tensors, frozen: Tensors, nominal: boolean): Offset {
  const [learned, fixed] = [writeTensors(b, trainable), writeTensors(b, frozen)];
  b.startObject(4);
  b.addFieldOffset(FIELDS.module.trainable, learned, 0);
  b.addFieldOffset(FIELDS.module.frozen, fixed, 0);
  b.addFieldInt8(FIELDS.module.nominal, nominal ? 1 : 0, 0);
  return b.endObject();
}

function writeGroup(b: Builder, { name, step, initialLearningRate, states }: OptimizerGroup): Offset {
  const written = [...states].map(([parameter, momenta]) => {
    const [label, tensors] = [b.createString(parameter), writeTensors(b, momenta)];
    b.startObject(2);
    b.addFieldOffset(FIELDS.state.parameter, label, 0);
    b.addFieldOffset(FIELDS.state.momenta, tensors, 0);
    return b.endObject();
  });
  const [label, all] = [b.createString(name), vectorOf(b, written)];
  b.startObject(4);
  b.addFieldOffset(FIELDS.group.name, label, 0);
  b.addFieldInt64(FIELDS.group.step, step, 0n);
  b.addFieldFloat32(FIELDS.group.learningRate, initialLearningRate, 0);
  b.addFieldOffset(FIELDS.group.states, all, 0);
  return b.endObject();
}

function writeTensors(b: Builder, tensors: Tensors): Offset {
  const written = [...tensors].map(([name, value]) => writeTensor(b, name, value));
  return vectorOf(b, written);
}

function writeTensor(b: Builder, name: string, tensor: Tensor): Offset {
  const { dtype, dims } = tensor;
  const label = b.createString(name);
  b.startVector(8, dims.length, 8);
  for (const size of [...dims].reverse()) b.addInt64(BigInt(size));
  const sizes = b.endVector();
  const raw = b.createByteVector(tensorBytes(tensor));
  b.startObject(7);
  b.addFieldOffset(FIELDS.tensor.name, label, 0);
  b.addFieldOffset(FIELDS.tensor.dims, sizes, 0);
  b.addFieldInt32(FIELDS.tensor.type, codeOfDtype(dtype), 0);
  b.addFieldOffset(FIELDS.tensor.raw, raw, 0);
  b.addFieldInt64(FIELDS.tensor.external, -1n, -1n);
  return b.endObject();
}

function writeProperties(b: Builder, properties: OrtCheckpoint['properties']): Offset {
  const write = (type: string, add: (value: never) => void, prepare = (value: unknown): unknown => value) => {
    const entries = [...properties].filter(([, value]) => typeof value === type);
    return vectorOf(
      b,
      entries.map(([name, value]) => {
        const [label, ready] = [b.createString(name), prepare(value)];
        b.startObject(2);
        b.addFieldOffset(FIELDS.property.name, label, 0);
        add(ready as never);
        return b.endObject();
      }),
    );
  };
  const ints = write('bigint', (value: bigint) => b.addFieldInt64(FIELDS.property.value, value, 0n));
  const floats = write('number', (value: number) => b.addFieldFloat32(FIELDS.property.value, value, 0));
  const text = (value: unknown) => b.createString(value as string);
  const strings = write('string', (value: Offset) => b.addFieldOffset(FIELDS.property.value, value, 0), text);
  b.startObject(3);
  b.addFieldOffset(FIELDS.bag.ints, ints, 0);
  b.addFieldOffset(FIELDS.bag.floats, floats, 0);
  b.addFieldOffset(FIELDS.bag.strings, strings, 0);
  return b.endObject();
}

function vectorOf(b: Builder, offsets: readonly Offset[]): Offset {
  b.startVector(4, offsets.length, 4);
  for (const offset of [...offsets].reverse()) b.addOffset(offset);
  return b.endVector();
}
