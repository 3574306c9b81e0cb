import { type Field, Reader, Type } from 'protobufjs';
import { fail, messageOf, present } from '../util/error.js';
import { bytesOf } from '../util/typed-array.js';
import { fromWireInt64, toWireInt64 } from './int64.js';
import type { GraphProto, ModelProto, TensorProto } from './model.js';
import { messageType } from './schema.js';

/** The messages that are read and written as such; all others are parts of them. */
interface Messages {
  ModelProto: ModelProto;
  GraphProto: GraphProto;
  TensorProto: TensorProto;
}

type Plain = Record<string, unknown>;

/**
 * Decodes a message to plain objects (see model.ts). Bytes fields are views into `bytes`. Anything that isn't such a
 * message is an {@link AgonError} at `where`. Nesting deeper than protobuf's customary 100 messages is refused.
 */
export function decodeMessage<K extends keyof Messages>(name: K, bytes: Uint8Array, where: string): Messages[K] {
  const type = messageType(name);
  return toPlain(type, decodeWire(type, bytes, where)) as unknown as Messages[K];
}

/** Encodes a message; fields left out of it are left out. What doesn't fit the schema is an {@link AgonError}. */
export function encodeMessage<K extends keyof Messages>(
  name: K,
  message: Partial<Messages[K]>,
  where: string,
): Uint8Array {
  const type = messageType(name);
  const wire = toWire(type, message as Plain);
  const problem = type.verify(wire);
  if (problem) fail(where, `can't be written: ${name} has a wrong field: ${problem}`);
  try {
    return type.encode(wire).finish();
  } catch (error) {
    fail(where, `can't be written: ${messageOf(error)}`, { cause: error });
  }
}

/** The field number of a message's field. */
export function fieldNumber<K extends keyof Messages>(name: K, field: keyof Messages[K] & string): number {
  return present(messageType(name).fields[field], `${name}.${field}`).id;
}

function decodeWire(type: Type, bytes: Uint8Array, where: string): Plain {
  // A plain view: of a Buffer, protobufjs would make Buffers.
  const reader = Reader.create(bytesOf(bytes));
  reader.discardUnknown = false;
  try {
    return type.decode(reader) as object as Plain;
  } catch (error) {
    fail(where, `isn't a readable ${type.name}: ${messageOf(error)}`, {
      hint: 'The file is cut short, damaged, or no ONNX file',
      cause: error,
    });
  }
}

/** What a decoded message always has: the fields that model.ts requires, by message. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  ModelProto: ['irVersion', 'opsetImport'],
  OperatorSetIdProto: ['version'],
  StringStringEntryProto: ['key', 'value'],
  GraphProto: ['name', 'node', 'initializer', 'input', 'output'],
  NodeProto: ['input', 'output', 'opType'],
  AttributeProto: ['name'],
  TensorProto: ['dims', 'dataType'],
  SparseTensorProto: ['dims'],
  ValueInfoProto: ['name'],
  Map: ['keyType'],
  Tensor: ['elemType'],
  SparseTensor: ['elemType'],
  TensorShapeProto: ['dim'],
  FunctionProto: ['name', 'input', 'output', 'node', 'opsetImport'],
  DeviceConfigurationProto: ['name'],
};

function toPlain(type: Type, wire: Plain): Plain {
  const plain: Plain = {};
  for (const field of type.fieldsArray) {
    if (isThere(wire, field)) plain[field.name] = fieldToPlain(field, wire[field.name]);
    else if (REQUIRED[type.name]?.includes(field.name)) plain[field.name] = emptyValue(field);
  }
  if (wire.$unknowns) plain.unknownFields = wire.$unknowns;
  return plain;
}

/** Whether the file had the field. protobufjs keeps defaults in the prototype, but gives every message empty lists. */
function isThere(wire: Plain, field: Field): boolean {
  if (!Object.hasOwn(wire, field.name)) return false;
  const value = wire[field.name];
  return !(field.repeated && Array.isArray(value) && value.length === 0);
}

function fieldToPlain(field: Field, value: unknown): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof Type) return each(field, value, (part) => toPlain(resolvedType, part as Plain));
  return is64Bit(field) ? each(field, value, fromWireInt64(isExact(field))) : value;
}

function emptyValue(field: Field): unknown {
  if (field.repeated) return [];
  return field.type === 'string' ? '' : 0;
}

function toWire(type: Type, plain: Plain): Plain {
  const wire: Plain = {};
  for (const field of type.fieldsArray) {
    const value = plain[field.name];
    if (value !== undefined) wire[field.name] = fieldToWire(field, value);
  }
  if (plain.unknownFields) wire.$unknowns = plain.unknownFields;
  return wire;
}

function fieldToWire(field: Field, value: unknown): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof Type) return each(field, value, (part) => toWire(resolvedType, part as Plain));
  return is64Bit(field) ? each(field, value, toWireInt64) : value;
}

function each(field: Field, value: unknown, convert: (part: unknown) => unknown): unknown {
  return field.repeated && Array.isArray(value) ? value.map((part) => convert(part)) : convert(value);
}

function is64Bit(field: Field): boolean {
  return field.type === 'int64' || field.type === 'uint64';
}

/** Elements of tensors must not be rounded; counts, sizes and attributes are handier as numbers. */
function isExact(field: Field): boolean {
  return field.name === 'int64Data' || field.name === 'uint64Data';
}
