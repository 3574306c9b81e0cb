import { type AttributeProto, AttributeType } from '../../onnx/model.js';
import { fromTensorProto } from '../../onnx/tensor-proto.js';
import { fail } from '../../util/error.js';
import { type Attribute, type Attributes, isFloatAttribute } from '../node.js';

/** The attributes of a node in a file; `where` names the node in errors. Subgraphs and sparse tensors are refused. */
export function fromAttributeProtos(protos: readonly AttributeProto[], where: string): Attributes {
  return Object.fromEntries(protos.map((proto) => [proto.name, fromAttributeProto(proto, where)]));
}

function fromAttributeProto(proto: AttributeProto, where: string): Attribute {
  switch (proto.type || guessType(proto)) {
    case AttributeType.FLOAT:
      return floatAttribute(proto.name, shortest(proto.f ?? 0));
    case AttributeType.INT:
      return proto.i ?? 0;
    case AttributeType.STRING:
      return text(proto.s ?? new Uint8Array());
    case AttributeType.TENSOR:
      return proto.t ? fromTensorProto(proto.t) : fail(where, `attribute ${proto.name} has no tensor`);
    case AttributeType.FLOATS:
      return { floats: (proto.floats ?? []).map(shortest) };
    case AttributeType.INTS:
      return proto.ints ?? [];
    case AttributeType.STRINGS:
      return (proto.strings ?? []).map(text);
    case AttributeType.GRAPH:
    case AttributeType.GRAPHS:
      return fail(where, `attribute ${proto.name} is a subgraph`, {
        hint: 'Control flow can’t be trained: export the model without it',
      });
    default:
      return fail(where, `attribute ${proto.name} is of a kind that isn’t supported`, { got: `type ${proto.type}` });
  }
}

function floatAttribute(name: string, value: number): Attribute {
  return isFloatAttribute(name) ? value : { float: value };
}

/** Digits that tell any two float32 numbers apart. */
const FLOAT_DIGITS = 9;

/** The shortest decimal number that a float32 stands for: 0.1, not 0.10000000149, so that 1 - momentum is what it was meant to be. */
function shortest(value: number): number {
  for (let digits = 6; digits < FLOAT_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}

/** Files of IR version 1 don't say the type. */
function guessType(proto: AttributeProto): number {
  const fields = [
    ['f', 'FLOAT'],
    ['i', 'INT'],
    ['s', 'STRING'],
    ['t', 'TENSOR'],
    ['g', 'GRAPH'],
    ['floats', 'FLOATS'],
    ['strings', 'STRINGS'],
  ] as const;
  const present = fields.find(([field]) => proto[field] !== undefined);
  return AttributeType[present?.[1] ?? 'INTS'];
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
