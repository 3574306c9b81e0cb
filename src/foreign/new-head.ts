import { Graph } from '../graph/graph.js';
import type { Initialiser } from '../graph/initialiser.js';
import { inline, type Rewrite } from '../graph/inline.js';
import { asNumbers } from '../graph/node/dim.js';
import type { Node, Value } from '../graph/node/node.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import type { Head } from './head.js';

/** A graph without weights, and the weights by name. */
export interface Weighted {
  readonly graph: Graph;
  readonly parameters: ReadonlyMap<string, Tensor>;
}

/** What a head is to tell apart. */
export interface HeadOptions {
  readonly classes: number;
  /** The old class of each new one, whose weights it gets; its parameters have no values, to be drawn, when this is left out. */
  readonly rows?: readonly number[] | undefined;
}

/** The network with a head for other classes, or with its classes in another order. `old` is the number of its own classes. */
export function withNewHead(
  { graph: source, parameters }: Weighted,
  head: Head,
  old: number,
  options: HeadOptions,
): Weighted {
  const graph = new Graph(source.name);
  const bind = new Map<string, Value>();
  const axes = classAxes(source, head, old);
  for (const [name, { value, role, initialiser }] of source.parameters) {
    const axis = axes.get(name);
    const shape = axis === undefined ? value.shape : value.shape.with(axis, options.classes);
    const start = axis === undefined ? initialiser : drawnAs(name, value.shape, initialiser, head);
    bind.set(name, graph.parameter(name, shape, start, role));
  }
  const copied = inline(source, graph, { bind, rewrite: resizing(source, head, old, options.classes) });
  for (const [name, value] of source.outputs) graph.output(name, present(copied.get(value), name));
  const values = [...parameters].flatMap(([name, value]): [string, Tensor][] => {
    const axis = axes.get(name);
    if (axis === undefined) return [[name, value]];
    return options.rows ? [[name, selected(value, axis, options.rows)]] : [];
  });
  return { graph, parameters: new Map(values) };
}

/** The parameters of a head, with their axis of the classes. */
function classAxes({ parameters }: Graph, { nodes, weight }: Head, classes: number): Map<string, number> {
  const axes = new Map([[weight.name, weight.axis]]);
  for (const node of nodes) {
    for (const input of node.inputs) {
      const shape = input && parameters.get(input.name)?.value.shape;
      if (!shape || axes.has(input.name)) continue;
      const axis = shape.indexOf(classes);
      if (axis >= 0) axes.set(input.name, axis);
    }
  }
  return axes;
}

/** As PyTorch's `nn.Linear` and `nn.Conv2d` begin: U(-1/sqrt(fan_in), 1/sqrt(fan_in)); other parameters of the head as they would. */
function drawnAs(name: string, shape: readonly number[], initialiser: Initialiser, head: Head): Initialiser {
  if (name !== head.weight.name) return initialiser;
  const fanIn = shape.reduce((product, size, axis) => (axis === head.weight.axis ? product : product * size), 1);
  return { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) };
}

/** A Reshape to sizes with the old number of classes gets the new one. */
function resizing(source: Graph, { nodes }: Head, old: number, classes: number): Rewrite {
  return (node, inputs, target) => {
    const sizes = nodes.has(node) && node.op === 'Reshape' ? constantSizes(source, node) : undefined;
    if (!sizes?.includes(old)) return undefined;
    const changed = target.integers(sizes.map((size) => (size === old ? classes : size)));
    return target.ops('Reshape', [at(inputs, 0), changed], node.attributes, { name: target.scoped(node.name) });
  };
}

function constantSizes({ knownIntegers }: Graph, node: Node): readonly number[] | undefined {
  return asNumbers(knownIntegers.get(node.input(1)) ?? ['unknown']);
}

/** The entries of a tensor at some positions of one axis. */
function selected({ dims, data }: Tensor, axis: number, rows: readonly number[]): Tensor {
  const numbers = data instanceof Float32Array ? data : fail('head', 'its weights', { expected: 'float32' });
  const inner = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = dims.slice(0, axis).reduce((product, size) => product * size, 1);
  const chosen = new Float32Array(outer * rows.length * inner);
  for (let o = 0; o < outer; o++) {
    for (const [to, from] of rows.entries()) {
      const start = (o * at(dims, axis) + from) * inner;
      chosen.set(numbers.subarray(start, start + inner), (o * rows.length + to) * inner);
    }
  }
  return tensor('float32', dims.with(axis, rows.length), chosen);
}
