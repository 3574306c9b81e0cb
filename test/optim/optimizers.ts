import { Graph } from '../../src/graph/graph.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import type { Optimizer } from '../../src/optim/optimizer.js';
import { stream } from '../../src/util/random.js';
import { openGraph } from '../support/run.js';

/** A parameter and its optimizer state after a step. */
export interface Trace {
  readonly parameter: readonly number[];
  readonly states: readonly (readonly number[])[];
}

/** A parameter's first values, and the gradients of each step; `states` are zero when left out. */
export interface Start {
  readonly parameter: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly states?: readonly (readonly number[])[];
}

type Scalars = Readonly<Record<string, number>>;

/** Runs an optimizer's graph, a step for each gradient, and feeds what comes out back in. */
export async function replay(
  optimizer: Optimizer,
  start: Start,
  scalarsOf: (step: number) => Scalars,
): Promise<Trace[]> {
  const vector = (values: readonly number[]): Tensor => tensor('float32', [start.parameter.length], values);
  const session = await openGraph(updateGraph(optimizer, start.parameter.length));
  const traces: Trace[] = [];
  let parameter = vector(start.parameter);
  let states = optimizer.states.map((_, s) => vector(start.states?.[s] ?? start.parameter.map(() => 0)));
  for (const [i, gradient] of start.gradients.entries()) {
    const scalars = Object.entries(scalarsOf(i + 1)).map(([name, value]) => [name, tensor('float32', [], [value])]);
    const kept = optimizer.states.map((name, s) => [name, states[s]]);
    const inputs = { parameter, gradient: vector(gradient), ...Object.fromEntries([...kept, ...scalars]) };
    const results = await session.run(inputs);
    parameter = results['parameter.next'] as Tensor;
    states = optimizer.states.map((name) => results[`${name}.next`] as Tensor);
    traces.push({ parameter: toNumbers(parameter), states: states.map(toNumbers) });
  }
  await session.close();
  return traces;
}

function updateGraph(optimizer: Optimizer, size: number): Graph {
  const g = new Graph('update');
  const [parameter, gradient] = [g.input('parameter', 'float32', [size]), g.input('gradient', 'float32', [size])];
  const states = optimizer.states.map((name) => g.input(name, 'float32', [size]));
  const scalars = optimizer.scalars.map((name) => g.input(name, 'float32', []));
  const updated = optimizer.update(g, parameter, gradient, states, scalars);
  g.output('parameter.next', updated.parameter);
  updated.states.forEach((state, s) => {
    g.output(`${optimizer.states[s]}.next`, state);
  });
  return g;
}

export function randomStart(name: string, size: number, steps: number): Start {
  const random = stream(11, 'optim', name);
  const draw = () => Array.from({ length: size }, () => Math.fround(random.normal()));
  return { parameter: draw(), gradients: Array.from({ length: steps }, draw) };
}

export function largestDifference(got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(...got.map((value, i) => Math.abs(value - (expected[i] as number))));
}
