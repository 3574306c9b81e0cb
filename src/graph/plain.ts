import type { DType, Tensor } from '../onnx/tensor.js';
import { present } from '../util/error.js';
import { Graph, type Parameter } from './graph.js';
import type { Shape } from './node/dim.js';
import type { Attributes, Value } from './node/node.js';

/** A graph as plain data, which another thread or process can be sent. */
export interface PlainGraph {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly dtype: DType; readonly shape: Shape }[];
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly role: Parameter['role'];
    readonly initialiser: Parameter['initialiser'];
  }[];
  readonly constants: readonly { readonly name: string; readonly content: Tensor }[];
  readonly nodes: readonly {
    readonly op: string;
    readonly domain: string;
    readonly name: string;
    readonly inputs: readonly (string | null)[];
    readonly attributes: Attributes;
    readonly outputs: readonly string[];
  }[];
  /** Names of values by those of the outputs. */
  readonly outputs: readonly (readonly [string, string])[];
}

/** A graph as plain data; tensors are not copied. */
export function toPlain({ name, inputs, parameters, constants, nodes, outputs }: Graph): PlainGraph {
  return {
    name,
    inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    parameters: [...parameters].map(([name, { value, role, initialiser }]) => {
      return { name, shape: value.shape, role, initialiser };
    }),
    constants: [...constants].map(([{ name }, content]) => ({ name, content })),
    nodes: nodes.map(({ op, domain, name, inputs, attributes, outputs }) => {
      return {
        op,
        domain,
        name,
        attributes,
        inputs: inputs.map((value) => value?.name ?? null),
        outputs: outputs.map((value) => value.name),
      };
    }),
    outputs: [...outputs].map(([name, value]) => [name, value.name]),
  };
}

/** The graph that plain data were made from, its values under the same names. */
export function fromPlain({ name, inputs, parameters, constants, nodes, outputs }: PlainGraph): Graph {
  const graph = new Graph(name);
  const values = new Map<string, Value>();
  const valueCalled = (name: string) => present(values.get(name), `value "${name}"`);
  for (const { name, dtype, shape } of inputs) values.set(name, graph.input(name, dtype, shape));
  for (const { name, shape, initialiser, role } of parameters) {
    values.set(name, graph.parameter(name, shape, initialiser, role));
  }
  for (const { name, content } of constants) values.set(name, graph.constant(content, name));
  for (const { op, domain, name, inputs, attributes, outputs } of nodes) {
    const operands = inputs.map((input) => (input === null ? null : valueCalled(input)));
    const made: Value[] = graph.ops(op, operands, attributes, { name, domain, outputs });
    for (const value of made) values.set(value.name, value);
  }
  for (const [name, value] of outputs) graph.output(name, valueCalled(value));
  return graph;
}
