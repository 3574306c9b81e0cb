import { indicator, mul, sub } from '../../graph/arithmetic.js';
import { Graph } from '../../graph/graph.js';
import { inline } from '../../graph/inline.js';
import type { Node, Value } from '../../graph/node/node.js';
import { sizeOf } from '../../graph/node/sizes.js';
import { tensor, toNumbers } from '../../onnx/tensor.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';

/**
 * Makes class indices that a graph is fed int32, and what is done with them to operators that have kernels for it: WebGPU has none for
 * OneHot, nor for Equal and Cast of int64.
 */
export function narrowLabels(graph: Graph): Graph {
  const narrowed = graph.inputs.filter((input) => input.dtype === 'int64' && isLabels(graph, input));
  if (narrowed.length === 0) return graph;
  const g = new Graph(graph.name);
  const bind = new Map(narrowed.map(({ name, shape }) => [name, g.input(name, 'int32', shape)]));
  const rewrite = (node: Node, inputs: readonly (Value | null)[], target: Graph) => {
    const labels = narrowed.findIndex((input) => node.inputs.includes(input));
    if (labels < 0) return undefined;
    const value = present(bind.get(at(narrowed, labels).name), 'the labels');
    return target.within(node.name, () => [
      node.op === 'OneHot' ? oneHot(target, node, value, inputs) : isLargest(target, value, inputs),
    ]);
  };
  const copied = inline(graph, g, { bind, rewrite });
  for (const [name, value] of graph.outputs) g.output(name, present(copied.get(value), name));
  return g;
}

/** Whether an input is read only as what classes images have. */
function isLabels(graph: Graph, input: Value): boolean {
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(input));
  return readers.length > 0 && readers.every((node) => isOneHot(graph, node) || isHit(graph, node));
}

/** OneHot of [N] to [N, classes]. */
function isOneHot(graph: Graph, { op, domain, inputs, attributes }: Node): boolean {
  const constants = inputs.slice(1).every((input) => graph.constantOf(input));
  return op === 'OneHot' && domain === '' && constants && inputs[0]?.shape.length === 1 && attributes.axis === -1;
}

/** Whether the index of the largest logit is the label. */
function isHit(graph: Graph, { op, domain, inputs }: Node): boolean {
  return op === 'Equal' && domain === '' && inputs.some((input) => input && isArgMax(graph.producer(input)));
}

function isArgMax(node: Node | undefined): boolean {
  if (node?.op !== 'ArgMax' || node.domain !== '' || node.input(0).shape.length !== 2) return false;
  return node.number('axis', 0) === 1 && node.number('keepdims', 1) === 0 && node.number('select_last_index', 0) === 0;
}

/** One out of range gives a row of the first value, as OneHot does with labels of at least the number of classes. */
function oneHot(g: Graph, node: Node, labels: Value, inputs: readonly (Value | null)[]): Value {
  const [depth, values] = [1, 2].map((i) => toNumbers(present(g.constantOf(inputs[i]), `input ${i} of ${node.name}`)));
  const classes = at(depth as number[], 0);
  const range = g.constant(
    tensor(
      'int32',
      [classes],
      Int32Array.from({ length: classes }, (_, i) => i),
    ),
  );
  const column = g.op('Unsqueeze', [labels, g.integers([1])]);
  const hot = indicator(g, g.op('Equal', [column, range]));
  const [off = 0, on = 1] = values as number[];
  return off === 0 && on === 1 ? hot : g.op('Add', [mul(g, hot, g.scalar(on - off)), g.scalar(off)]);
}

/**
 * Whether the first of the largest logits is the label, as ArgMax has it at a tie: of C classes, C - j is largest for the first. Without a
 * largest one, as logits aren't numbers, it is none.
 */
function isLargest(g: Graph, labels: Value, inputs: readonly (Value | null)[]): Value {
  const argMax = inputs.map((input) => input && g.producer(input)).find((node) => isArgMax(node ?? undefined));
  const logits = present(argMax, 'the largest logits').input(0);
  const classes = sizeOf(logits, 1);
  const largest = indicator(g, g.op('Equal', [logits, g.op('ReduceMax', [logits, g.integers([1])], { keepdims: 1 })]));
  const order = g.constant(
    tensor(
      'float32',
      [classes],
      Float32Array.from({ length: classes }, (_, j) => classes - j),
    ),
  );
  const first = g.op('ReduceMax', [mul(g, largest, order), g.integers([1])], { keepdims: 0 });
  return g.op('Equal', [first, sub(g, g.scalar(classes), g.op('Cast', [labels], { to: 1 }))]);
}
