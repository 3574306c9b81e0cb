import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../scripts/verify/float64/interpreter.js';
import type { Tensor } from '../../../src/onnx/tensor.js';
import { tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { stream } from '../../../src/util/random.js';
import { buildCase, sampleCase } from '../../autodiff/case-graph.js';
import type { GradientCase } from '../../autodiff/cases.js';
import { FOREIGN_CASES } from '../../autodiff/foreign-cases.js';
import { runGraph } from '../../support/run.js';

const SEED = 3;
const STEP = 1e-5;

/** What the interpreter has: convolutions of two spatial axes, casts to float. */
const CASES = FOREIGN_CASES.filter(({ op, shapes, note }) => {
  return (op !== 'ConvTranspose' || shapes[0]?.length === 4) && note !== 'of computed indices';
});

/** Constants of the graph are float32, so slopes are right to its rounding. */
describe('rules for operators from elsewhere, in float64', () => {
  it.each(CASES.map((row) => [`${row.op} ${row.note ?? ''}`, row] as const))('%s', async (_, row) => {
    const random = stream(SEED, row.op, row.note ?? '');
    const samples = sampleCase(row, random);
    const { graph, weights } = buildCase(row, random);
    const results = evaluate(graph, feedsOf(samples));
    const loss = (moved: readonly Tensor[]) => lossOf(evaluate(graph, feedsOf(moved)).get('y0') as Tensor, weights);
    for (const [i, sample] of samples.entries()) {
      const got = toNumbers(results.get(`d${i}`) as Tensor);
      const expected = got.map((_, at) => slopeAt(samples, i, at, loss));
      const largest = Math.max(1, ...expected.map(Math.abs));
      expect(got.length).toBe(sample.data.length);
      for (const [at, value] of got.entries())
        expect(Math.abs(value - (expected[at] as number)) / largest, `input ${i}, element ${at}`).toBeLessThan(1e-7);
    }
    await expectSame(row, graph, samples, results);
  });
});

/** ONNX Runtime, in float32, computes what the interpreter does: outputs and gradients. */
async function expectSame(
  row: GradientCase,
  graph: ReturnType<typeof buildCase>['graph'],
  samples: readonly Tensor[],
  expected: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const results = await runGraph(graph, Object.fromEntries(samples.map((sample, i) => [`x${i}`, sample])));
  for (const [name, value] of expected) {
    const [got, wanted] = [toNumbers(results[name] as Tensor), toNumbers(value)];
    const largest = Math.max(1, ...wanted.map(Math.abs));
    const difference = Math.max(...wanted.map((each, i) => Math.abs(each - (got[i] ?? Number.NaN))));
    expect(difference / largest, `${row.op} ${name}`).toBeLessThan(5e-6);
  }
}

function feedsOf(samples: readonly Tensor[]): Map<string, Tensor> {
  return new Map(samples.map((sample, i) => [`x${i}`, sample]));
}

/** The loss of the case: y times fixed weights. */
function lossOf(y: Tensor, weights: readonly Tensor[]): number {
  const factors = toNumbers(weights[0] as Tensor);
  return toNumbers(y).reduce((sum, value, i) => sum + value * (factors[i] as number), 0);
}

/** The central difference of the loss in one element of one input. */
function slopeAt(
  samples: readonly Tensor[],
  input: number,
  element: number,
  loss: (samples: readonly Tensor[]) => number,
): number {
  const [above, below] = [STEP, -STEP].map((h) => {
    const moved = samples.map((sample, i) => {
      const data = Float64Array.from(toNumbers(sample));
      if (i === input) data[element] = (data[element] as number) + h;
      return tensor('float64', sample.dims, data);
    });
    return loss(moved);
  }) as [number, number];
  return (above - below) / (2 * STEP);
}
