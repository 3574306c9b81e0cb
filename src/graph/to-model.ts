import {
  type AttributeProto,
  AttributeType,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../onnx/model.js';
import { codeOfDtype, type Tensor } from '../onnx/tensor.js';
import { toTensorProto } from '../onnx/tensor-proto.js';
import { fail } from '../util/error.js';
import type { Graph } from './graph.js';
import { neededNodes } from './inline.js';
import { AGON, type Attribute, isFloatAttribute, isNumbers, type Node, type Value } from './node/node.js';

/** The ONNX operator set that Agon writes. */
export const OPSET = 20;
/** The file format version that goes with it. */
export const IR_VERSION = 9;

/** What goes into a model beside its graph. */
export interface ModelOptions {
  /** Values of parameters to store as initializers; the other parameters become graph inputs. */
  readonly parameters?: ReadonlyMap<string, Tensor>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly docString?: string;
}

/** The graph as an ONNX model. Only standard and com.microsoft operators may be left in it: lower it first. */
export function toModel(graph: Graph, options: ModelOptions = {}): ModelProto {
  const needed = neededNodes(graph);
  const nodes = graph.nodes.filter((node) => needed.has(node));
  const semantic = nodes.find((node) => node.domain === AGON);
  if (semantic) semantic.fail('a semantic operator is left in the graph', 'a lowered graph');
  const outputs = nameOutputs(graph);
  const nameOf = (value: Value) => outputs.names.get(value) ?? value.name;
  const domains = [...new Set(nodes.map((node) => node.domain))].filter((domain) => domain !== '');
  return {
    irVersion: IR_VERSION,
    producerName: 'agon',
    opsetImport: [{ domain: '', version: OPSET }, ...domains.map((domain) => ({ domain, version: 1 }))],
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
    ...(options.docString && { docString: options.docString }),
    graph: {
      name: graph.name,
      input: [...graph.inputs, ...openParameters(graph, options)].map((value) => valueInfo(value.name, value)),
      output: [...graph.outputs].map(([name, value]) => valueInfo(name, value)),
      initializer: [...initialisers(graph, nodes, options)],
      node: [...nodes.map((node) => toNodeProto(node, nameOf)), ...outputs.copies],
    },
  };
}

/** Outputs that a node makes are renamed; inputs, constants and values that are an output twice get an Identity. */
function nameOutputs(graph: Graph): { names: Map<Value, string>; copies: NodeProto[] } {
  const names = new Map<Value, string>();
  const copies: NodeProto[] = [];
  for (const [name, value] of graph.outputs) {
    if (graph.producer(value) && !names.has(value)) names.set(value, name);
    else
      copies.push({
        opType: 'Identity',
        name: `${name}/Identity`,
        input: [names.get(value) ?? value.name],
        output: [name],
      });
  }
  const taken = [...graph.outputs].find(([name, value]) => value.name !== name && graph.hasName(name));
  if (taken) fail(`graph ${graph.name}`, `the name of output "${taken[0]}" is taken by another value`);
  return { names, copies };
}

function openParameters(graph: Graph, { parameters }: ModelOptions): Value[] {
  return [...graph.parameters].flatMap(([name, { value }]) => (parameters?.has(name) ? [] : [value]));
}

function* initialisers(graph: Graph, nodes: readonly Node[], { parameters }: ModelOptions): Generator<TensorProto> {
  for (const [name] of graph.parameters) {
    const content = parameters?.get(name);
    if (content) yield toTensorProto(name, content);
  }
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs.values()]);
  for (const [value, content] of graph.constants) if (used.has(value)) yield toTensorProto(value.name, content);
}

function valueInfo(name: string, { dtype, shape }: Value): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: codeOfDtype(dtype), shape: { dim } } } };
}

function toNodeProto(node: Node, nameOf: (value: Value) => string): NodeProto {
  return {
    opType: node.op,
    name: node.name,
    ...(node.domain && { domain: node.domain }),
    input: node.inputs.map((value) => (value ? nameOf(value) : '')),
    output: node.outputs.map(nameOf),
    attribute: Object.entries(node.attributes).map(([name, value]) => toAttributeProto(name, value)),
  };
}

function toAttributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number')
    return isFloatAttribute(name) ? float(name, value) : { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: utf8(value) };
  if ('float' in value) return float(name, value.float);
  if ('floats' in value) return { name, type: AttributeType.FLOATS, floats: value.floats };
  if ('dtype' in value) return { name, type: AttributeType.TENSOR, t: toTensorProto('', value) };
  if (isNumbers(value)) return { name, type: AttributeType.INTS, ints: value };
  return { name, type: AttributeType.STRINGS, strings: value.map(utf8) };
}

function float(name: string, f: number): AttributeProto {
  return { name, type: AttributeType.FLOAT, f };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
