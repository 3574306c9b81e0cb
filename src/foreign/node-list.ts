import { type AttributeProto, AttributeType, type NodeProto, type TensorProto } from '../onnx/model.js';
import { tensor } from '../onnx/tensor.js';
import { toTensorProto } from '../onnx/tensor-proto.js';

type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** Nodes that are added to a model's graph, with their constants; names of values are counted under a scope. */
export class NodeList {
  readonly nodes: NodeProto[] = [];
  readonly constants: TensorProto[] = [];

  constructor(private readonly scope: string) {}

  /** Adds a node with one output; returns the output's name, which is the node's own unless it is given. */
  add(opType: string, input: readonly string[], attributes: Attributes = {}, given?: string): string {
    const name = this.nextName(opType);
    const output = given ?? name;
    const attribute = Object.entries(attributes).map(([key, value]) => toAttribute(key, value));
    this.nodes.push({ opType, name, input, output: [output], ...(attribute.length > 0 && { attribute }) });
    return output;
  }

  /** An int64 vector. */
  integers(values: readonly number[]): string {
    return this.constant('integers', tensor('int64', [values.length], BigInt64Array.from(values, BigInt)));
  }

  /** float32, a vector unless a shape is given. */
  floats(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.constant('floats', tensor('float32', shape, Float32Array.from(values)));
  }

  private constant(kind: string, value: Parameters<typeof toTensorProto>[1]): string {
    const name = this.nextName(kind);
    this.constants.push(toTensorProto(name, value));
    return name;
  }

  private nextName(kind: string): string {
    return `${this.scope}${kind}_${this.nodes.length + this.constants.length}`;
  }
}

function toAttribute(name: string, value: Attributes[string]): AttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  return { name, type: AttributeType.INTS, ints: value };
}
