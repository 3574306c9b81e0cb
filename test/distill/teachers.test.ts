import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TEACHER_RULES, type TeacherRule, teacherWeights } from '../../src/distill/teachers.js';
import { Graph } from '../../src/graph/graph.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { rowsOf } from '../losses/loops.js';
import { openGraph } from '../support/run.js';
import { teacherTable } from './rules.js';

const RUNS = 40;

/** A session that ranks n networks under a rule. */
async function openRule(n: number, rule: TeacherRule, topK: number) {
  const g = new Graph('teachers');
  const ce = g.input('ce', 'float32', [n]);
  const weights = teacherWeights(g, ce, rule, topK);
  expect(weights).toMatchObject({ dtype: 'float32', shape: [n, n] });
  g.output('weights', weights);
  const session = await openGraph(g);
  return {
    rank: async (values: readonly number[]) =>
      rowsOf((await session.run({ ce: tensor('float32', [n], values) })).weights as Tensor),
    close: () => session.close(),
  };
}

async function rank(ce: readonly number[], rule: TeacherRule, topK = 1): Promise<number[][]> {
  const session = await openRule(ce.length, rule, topK);
  const table = await session.rank(ce);
  await session.close();
  return table;
}

/** Cross-entropies of which some are the same. */
const crossEntropies = (n: number) =>
  fc.array(fc.oneof(fc.constantFrom(0, 0.5, 1, 2.5), fc.float({ min: 0, max: 20, noNaN: true })), {
    minLength: n,
    maxLength: n,
  });

function expectTable(
  got: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
  ce: readonly number[],
) {
  expect(got.length).toBe(expected.length);
  got.forEach((row, i) => {
    expect(row.length).toBe(expected[i]?.length);
    row.forEach((weight, j) => {
      expect(Math.abs(weight - (expected[i]?.[j] as number)), `ce ${ce}: entry ${i}, ${j}`).toBeLessThan(1e-7);
    });
  });
}

describe('teacherWeights against plain loops, random and tied', () => {
  for (const rule of TEACHER_RULES) {
    for (const n of [1, 2, 3, 4, 5]) {
      const limits = rule === 'top-k' ? [1, 2, n, n + 3] : [1];
      it.each([...new Set(limits)])(`${rule}, ${n} networks, k = %i`, async (topK) => {
        const session = await openRule(n, rule, topK);
        const property = fc.asyncProperty(crossEntropies(n), async (ce) => {
          expectTable(await session.rank(ce), teacherTable(ce, rule, topK), ce);
        });
        await fc.assert(property, { seed: 3, numRuns: RUNS });
        await session.close();
      });
    }
  }
});

describe('teacherWeights, by hand', () => {
  const third = Math.fround(1 / 3);

  it('argmin: the lowest teaches the others', async () => {
    expect(await rank([2, 1, 3], 'argmin')).toEqual([
      [0, 1, 0],
      [0, 0, 0],
      [0, 1, 0],
    ]);
  });

  it('argmin: a tie goes to the lowest index, also among the others', async () => {
    expect(await rank([2, 1, 1], 'argmin')).toEqual([
      [0, 1, 0],
      [0, 0, 0],
      [0, 1, 0],
    ]);
    expect(await rank([1, 1], 'argmin')).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('all-better: equals do not teach each other', async () => {
    expect(await rank([1, 1, 3, 2], 'all-better')).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [third, third, 0, third],
      [0.5, 0.5, 0, 0],
    ]);
  });

  it('all-better is argmin for two unlike networks', async () => {
    expect(await rank([1, 2], 'all-better')).toEqual(await rank([1, 2], 'argmin'));
    expect(await rank([2, 1], 'all-better')).toEqual(await rank([2, 1], 'argmin'));
  });

  it('top-k: one of the k has k - 1 teachers', async () => {
    expect(await rank([4, 3, 2, 1], 'top-k', 2)).toEqual([
      [0, 0, 0.5, 0.5],
      [0, 0, 0.5, 0.5],
      [0, 0, 0, 1],
      [0, 0, 1, 0],
    ]);
  });

  it('all: every other, whatever the cross-entropies', async () => {
    expect(await rank([4, 3, 3, 1], 'all')).toEqual([
      [0, third, third, third],
      [third, 0, third, third],
      [third, third, 0, third],
      [third, third, third, 0],
    ]);
  });

  it.each(TEACHER_RULES)('%s: nobody teaches a single network', async (rule) => {
    expect(await rank([1.5], rule, 3)).toEqual([[0]]);
  });
});
