import { type AttributeProto, AttributeType } from '../../onnx/model.js';
import { fromTensorProto } from '../../onnx/tensor-proto.js';
import { fail } from '../../util/error.js';
import { shortestFloat } from '../../util/shortest-float.js';
import { type Attribute, type Attributes, isFloatAttribute } from '../node/node.js';

/** The attributes of a node in a file; `where` names the node in errors. Subgraphs and sparse tensors are refused. */
export function fromAttributeProtos(protos: readonly AttributeProto[], where: string): Attributes {
  return Object.fromEntries(protos.map((proto) => [proto.name, fromAttributeProto(proto, where)]));
}

function fromAttributeProto(proto: AttributeProto, where: string): Attribute {
  switch (proto.type || guessType(proto)) {
    case AttributeType.FLOAT:
      return floatAttribute(proto.name, shortestFloat(proto.f ?? 0));
    case AttributeType.INT:
      return proto.i ?? 0;
    case AttributeType.STRING:
      return text(proto.s ?? new Uint8Array());
    case AttributeType.TENSOR:
      return proto.t ? fromTensorProto(proto.t) : fail(where, `attribute ${proto.name} has no tensor`);
    case AttributeType.FLOATS:
      return { floats: (proto.floats ?? []).map(shortestFloat) };
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
