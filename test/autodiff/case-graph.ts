import { expect } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { mul, reduceSum } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { elementCount, type Tensor, tensor } from '../../src/onnx/tensor.js';
import type { Random } from '../../src/util/random.js';
import type { GradientCase } from './cases.js';

/** A case as a graph: inputs `x<i>`, outputs `y<i>` and, of the loss sum(y * weights), the gradients `d<i>`. */
export function buildCase(row: GradientCase, random: Random): { graph: Graph; weights: Tensor[] } {
  const graph = new Graph('case');
  const inputs = row.shapes.map((shape, i) => graph.input(`x${i}`, 'float32', shape));
  const all = [...inputs, ...(row.rest?.(graph) ?? [])];
  const options = { outputs: row.outputs ?? 1, ...(row.domain && { domain: row.domain }) };
  const results = graph.ops(row.op, all, row.attributes, options);
  const outputs = row.domain === 'agon' ? results.slice(0, 1) : results;
  const weights = outputs.map((y) => filled(y.shape as number[], () => random.normal()));
  const terms = outputs.map((y, i) => {
    graph.output(`y${i}`, y);
    const floats = y.dtype === 'float32' ? y : graph.op('Cast', [y], { to: 1 });
    return reduceSum(
      graph,
      mul(graph, floats, graph.constant(weights[i] as Tensor)),
      (y.shape as number[]).map((_, axis) => axis),
    );
  });
  const loss = terms.length === 1 ? (terms[0] as Value) : graph.op('Sum', terms);
  gradients(graph, loss, inputs).forEach((gradient, i) => {
    expect(gradient?.shape).toEqual(inputs[i]?.shape);
    graph.output(`d${i}`, gradient as Value);
  });
  return { graph, weights };
}

/** Draws the inputs of a case. */
export function sampleCase(row: GradientCase, random: Random): Tensor[] {
  const taken: number[] = [];
  return row.shapes.map((shape) => sample(shape, row, random, taken));
}

/** Draws an input; with `gap`, no two numbers of the whole case (`taken`) are so close that a step could swap them. */
function sample(shape: readonly number[], row: GradientCase, random: Random, taken: number[]): Tensor {
  const [low, high] = row.range ?? [-1, 1];
  const spread = row.gap ? 8 * row.gap * row.shapes.reduce((n, each) => n + elementCount(each), 0) : high - low;
  const fits = (x: number) =>
    (row.kinks ?? []).every((kink) => Math.abs(x - kink) > 0.05) &&
    (!row.gap || taken.every((other) => Math.abs(other - x) > (row.gap ?? 0)));
  return filled(shape, () => {
    let x = low + spread * random.uniform();
    while (!fits(x)) x = low + spread * random.uniform();
    taken.push(x);
    return x;
  });
}

export function filled(shape: readonly number[], make: () => number): Tensor {
  return tensor('float32', shape, Float32Array.from({ length: elementCount(shape) }, make));
}
