import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { hasGradientRule, operatorsWithEntry } from '../../src/autodiff/registry.js';
import { mul, reduceSum } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { cpu } from '../../src/lower/cpu/cpu.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { blockSize } from '../../src/runtime/block-size.js';
import { CPU } from '../../src/runtime/device.js';
import { runGraph } from '../support/run.js';
import { EDGES, type EdgeCase, LINEAR } from './edges.js';
import { FOREIGN_EDGES, FOREIGN_LINEAR } from './foreign-edges.js';

const block = await blockSize(CPU);

describe("gradient rules at zero, kinks and ends against PyTorch's values", () => {
  for (const row of EDGES) {
    it(`${row.op} (${row.note})`, async () => {
      const tensors = row.inputs.map((values, i) => tensor('float32', row.shapes?.[i] ?? [values.length], values));
      const got = await gradientsOf(row, tensors);
      for (const [i, expected] of row.expected.entries()) expectGradients(got[i] ?? [], expected, row);
    });
  }

  it('has a row for every rule, or knows it as linear', () => {
    const covered = new Set([...[...EDGES, ...FOREIGN_EDGES].map(({ op }) => op), ...LINEAR, ...FOREIGN_LINEAR]);
    expect(operatorsWithEntry().filter((op) => hasGradientRule(op) && !covered.has(op))).toEqual([]);
  });
});

describe.skipIf(block === undefined)("the same in the CPU target's blocked layout (skipped without it)", () => {
  for (const row of EDGES.filter(isElementwise)) {
    it(`${row.op} (${row.note})`, async () => {
      const [values = []] = row.inputs;
      const image = [1, CHANNELS, 1, values.length] as const;
      const repeated = Array.from({ length: CHANNELS }, () => values).flat();
      const [got = []] = await gradientsOf(row, [tensor('float32', image, repeated)], behindConv);
      const expected = Array.from({ length: CHANNELS }, () => row.expected[0] as readonly number[]).flat();
      expectGradients(got, expected, row);
    });
  }
});

const CHANNELS = 16;

/** Of one input, each element for itself, finite in both directions: zeros beside an infinite gradient are no part of a convolution. */
function isElementwise({ inputs, shapes, first, expected }: EdgeCase): boolean {
  return (
    inputs.length === 1 &&
    !shapes &&
    !first &&
    expected.flat().every(Number.isFinite) &&
    expected[0]?.length === inputs[0]?.length
  );
}

/** A convolution that changes nothing brings what follows into the blocked layout. */
function behindConv(g: Graph, x: Value): Value {
  const ones = g.constant(tensor('float32', [CHANNELS, 1, 1, 1], new Float32Array(CHANNELS).fill(1)));
  return g.op('Conv', [x, ones], { group: CHANNELS, kernel_shape: [1, 1] });
}

/** The gradients of the loss sum(Y * dY). */
async function gradientsOf(
  row: EdgeCase,
  tensors: readonly Tensor[],
  prepare?: (g: Graph, x: Value) => Value,
): Promise<number[][]> {
  const g = new Graph('edge');
  const inputs = tensors.map(({ dims }, i) => g.input(`x${i}`, 'float32', dims));
  const taken = inputs.map((x) => prepare?.(g, x) ?? x);
  const all = [...(row.first?.(g) ?? []), ...taken, ...(row.rest?.(g) ?? [])];
  const options = { outputs: row.outputs ?? 1, ...(row.domain && { domain: row.domain }) };
  const [y] = g.ops(row.op, all, row.attributes, options) as [Value];
  const weighted = row.dY ? mul(g, y, g.constant(tensor('float32', y.shape as number[], row.dY))) : y;
  const loss = reduceSum(
    g,
    weighted,
    y.shape.map((_, axis) => axis),
  );
  for (const [i, gradient] of gradients(g, loss, inputs).entries()) g.output(`d${i}`, gradient as Value);
  const feeds = Object.fromEntries(tensors.map((value, i) => [`x${i}`, value]));
  const results = await runGraph(g, feeds, prepare ? cpu(block as number) : undefined);
  return tensors.map((_, i) => toNumbers(results[`d${i}`] as Tensor));
}

/** To 2e-6 of their size; what float32 can't hold as 0. */
function expectGradients(got: readonly number[], expected: readonly number[], { torch }: EdgeCase): void {
  const isEqual = (a: number, b: number) =>
    Object.is(a, b) || a === b || Math.abs(a - b) <= Math.max(2e-6 * Math.abs(b), 1e-37);
  const wrong = expected.flatMap((value, i) => (isEqual(got[i] as number, value) ? [] : [{ i, value, got: got[i] }]));
  expect(wrong, `${torch}; got ${got.join(', ')}`).toEqual([]);
  expect(got.length).toBe(expected.length);
}
