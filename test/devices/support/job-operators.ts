import { Graph } from '../../../src/graph/graph.js';
import type { Node, Value } from '../../../src/graph/node/node.js';
import { flattenState } from '../../../src/lower/flat/flatten.js';
import { gpu } from '../../../src/lower/gpu/gpu.js';
import { lower } from '../../../src/lower/lower.js';
import { elementCount, type Tensor, tensor } from '../../../src/onnx/tensor.js';
import { type Random, stream } from '../../../src/util/random.js';
import { openSession, runOnce } from './graph-session.js';
import type { Answers } from './jobs.js';
import type { Place } from './places.js';
import { FAMILIES, SETTINGS, stepOf } from './steps.js';

/** Each operator of the steps that WebGPU runs, in every form that they have it in, alone: its inputs are random numbers from 0.25 to 1.25. */
export async function answerOperators(place: Place): Promise<Answers> {
  const { graph, feeds, titles } = collect();
  const results = await runOnce(await openSession(graph, place), feeds);
  return Object.fromEntries(Object.entries(titles).map(([name, title]) => [title, { y: results[name] ?? [] }]));
}

function collect() {
  const graph = new Graph('operators');
  const random = stream(29, 'operators');
  const feeds: Record<string, Tensor> = {};
  const titles: Record<string, string> = {};
  const seen = new Set<string>();
  for (const source of loweredSteps()) {
    for (const node of source.nodes) {
      const form = formOf(source, node);
      if (seen.has(form) || !node.inputs.some((input) => input && !source.constants.has(input))) continue;
      seen.add(form);
      const inputs = node.inputs.map(
        (input, i) => input && inputFor(graph, source, input, feeds, [seen.size, i, random]),
      );
      graph.ops(node.op, inputs, node.attributes, { outputs: node.outputs.length }).forEach((value, i) => {
        const name = `y${seen.size}.${i}`;
        graph.output(name, value.dtype === 'bool' ? graph.op('Cast', [value], { to: 1 }) : value);
        titles[name] = `${node.op} ${seen.size}.${i} of ${node.inputs.map((input) => `[${input?.shape}]`)}`;
      });
    }
  }
  return { graph, feeds, titles };
}

function loweredSteps(): Graph[] {
  const steps = [
    ...Object.values(FAMILIES).map((networks) => stepOf(networks)),
    ...Object.values(SETTINGS).map(({ settings, options }) =>
      stepOf(FAMILIES['resnet-cifar'] ?? [], settings, options),
    ),
  ];
  return steps.map(({ source }) => lower(flattenState(source).carried.graph, gpu));
}

/** What tells apart how an operator is used: its attributes but for sizes, the ranks of its inputs, and which of them are constants. */
function formOf({ constants }: Graph, { op, attributes, inputs }: Node): string {
  const inputForm = (input: Value | null) => [input?.dtype, input?.shape.length, input && constants.has(input)];
  return JSON.stringify([op, attributes, inputs.map(inputForm)]);
}

function inputFor(
  graph: Graph,
  source: Graph,
  input: Value,
  feeds: Record<string, Tensor>,
  [node, i, random]: readonly [number, number, Random],
): Value {
  const constant = source.constantOf(input);
  if (constant) return graph.constant(constant);
  const { dtype, shape } = input;
  const dims = shape as readonly number[];
  const name = `x${node}.${i}`;
  const make = dtype === 'int32' ? () => random.below(5) : () => 0.25 + random.uniform();
  const value = tensor(dtype === 'bool' ? 'float32' : dtype, dims, Array.from({ length: elementCount(dims) }, make));
  feeds[name] = value;
  const given = graph.input(name, value.dtype, dims);
  return dtype === 'bool' ? graph.op('Greater', [given, graph.scalar(0.75)]) : given;
}
