import { describe, expect, it } from 'vitest';
import { gradients, hasGradientRule, operatorsWithEntry } from '../../src/autodiff/gradients.js';
import { mul, reduceSum } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { type Random, stream } from '../../src/util/random.js';
import { openGraph } from '../support/run.js';
import { CASES, type GradientCase } from './cases.js';

const SEED = 7;
const STEP = 1e-2;

describe('gradient rules against central differences', () => {
  for (const row of CASES) {
    it(`${row.op}${row.note ? ` (${row.note})` : ''}`, () => checkCase(row));
  }

  it('has a row for every rule', () => {
    const covered = new Set(CASES.map((row) => row.op));
    const elsewhere = ['Where', 'Swish', 'Detach'];
    expect(
      operatorsWithEntry().filter((op) => hasGradientRule(op) && !covered.has(op) && !elsewhere.includes(op)),
    ).toEqual([]);
  });
});

/**
 * The loss is sum(Y * R) with fixed random R, so that every output element counts differently. In a random direction V,
 * <dX, V> must equal (loss(X + hV) - loss(X - hV)) / 2h; the differences are added up in float64 from Y itself.
 */
async function checkCase(row: GradientCase): Promise<void> {
  const random = stream(SEED, row.op, row.note ?? '');
  const taken: number[] = [];
  const samples = row.shapes.map((shape) => sample(shape, row, random, taken));
  const directions = row.shapes.map((shape) => filled(shape, () => 3 * random.uniform() - 1.5));
  const { graph, weights } = buildCase(row, random);
  const session = await openGraph(graph);
  const feeds = (h: number) =>
    Object.fromEntries(samples.map((x, i) => [`x${i}`, moved(x, directions[i] as Tensor, h)]));
  const run = async (h: number) => session.run(feeds(h));
  const [before, after, here] = [await run(-STEP), await run(STEP), await run(0)];
  const change = (r: Tensor, i: number) => dot(r, after[`y${i}`] as Tensor) - dot(r, before[`y${i}`] as Tensor);
  const expected = weights.reduce((sum, r, i) => sum + change(r, i), 0) / (2 * STEP);
  const products = samples.map((_, i) => dot(here[`d${i}`] as Tensor, directions[i] as Tensor));
  const got = products.reduce((a, b) => a + b, 0);
  await session.close();
  const size = Math.max(1, Math.abs(expected), ...products.map(Math.abs));
  expect(Math.abs(got - expected) / size, `seed ${SEED}: got ${got}, expected ${expected}`).toBeLessThan(2e-3);
}

function buildCase(row: GradientCase, random: Random): { graph: Graph; weights: Tensor[] } {
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

function filled(shape: readonly number[], make: () => number): Tensor {
  return tensor('float32', shape, Float32Array.from({ length: elementCount(shape) }, make));
}

function moved(x: Tensor, direction: Tensor, h: number): Tensor {
  const along = toNumbers(direction);
  return tensor(
    'float32',
    x.dims,
    (x.data as Float32Array).map((value, i) => value + h * (along[i] ?? 0)),
  );
}

function dot(a: Tensor, b: Tensor): number {
  const other = toNumbers(b);
  return toNumbers(a).reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
}
