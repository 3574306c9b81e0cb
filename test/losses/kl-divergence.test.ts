import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import type { Value } from '../../src/graph/node/node.js';
import { klDivergence } from '../../src/losses/kl-divergence.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { klLoop, matrix, rowsOf, softmaxRow } from './loops.js';
import { evaluate, randomRows, seeded } from './losses.js';

/** The divergence, its gradient by the student's logits, and whether there is one by the teacher's. */
async function run(student: Tensor, teacher: Tensor, temperature?: number) {
  let teacherGradient: Value | null | undefined;
  const results = await evaluate({ student, teacher }, (g, inputs) => {
    const [z, t] = [inputs.student as Value, inputs.teacher as Value];
    const loss = klDivergence(g, z, t, temperature);
    expect(loss).toMatchObject({ dtype: 'float32', shape: [] });
    const [studentGradient, ...others] = gradients(g, loss, [z, t]);
    teacherGradient = others[0];
    g.output('loss', loss);
    g.output('gradient', studentGradient as Value);
  });
  const loss = toNumbers(results.loss as Tensor)[0] as number;
  return { loss, gradient: rowsOf(results.gradient as Tensor), teacherGradient };
}

describe('klDivergence against plain loops', () => {
  it.each([
    { images: 1, classes: 2, temperature: 1 },
    { images: 6, classes: 10, temperature: 1 },
    { images: 6, classes: 10, temperature: 3 },
    { images: 5, classes: 100, temperature: 0.5 },
    { images: 3, classes: 7, temperature: 20 },
  ])('$images images, $classes classes, T = $temperature', async ({ images, classes, temperature }) => {
    const random = seeded('kl', images, classes, temperature);
    const student = matrix(randomRows(random, images, classes));
    const teacher = matrix(randomRows(random, images, classes));
    const { loss, gradient, teacherGradient } = await run(student.tensor, teacher.tensor, temperature);
    const expected = klLoop(student.rows, teacher.rows, temperature);
    expect(expected).toBeGreaterThan(1e-3);
    expect(Math.abs(klLoop(teacher.rows, student.rows, temperature) - expected)).toBeGreaterThan(1e-5);
    expect(Math.abs(loss - expected)).toBeLessThan(2e-6 * expected + 3e-7);
    expect(teacherGradient).toBeNull();
    let largest = 0;
    gradient.forEach((row, n) => {
      const p = softmaxRow((student.rows[n] as readonly number[]).map((z) => z / temperature));
      const q = softmaxRow((teacher.rows[n] as readonly number[]).map((z) => z / temperature));
      row.forEach((value, c) => {
        const slope = ((p[c] as number) - (q[c] as number)) / (temperature * images);
        largest = Math.max(largest, Math.abs(slope));
        expect(Math.abs(value - slope), `entry ${n}, ${c}`).toBeLessThan(2e-7 + 1e-6 * Math.abs(slope));
      });
    });
    expect(largest).toBeGreaterThan(1e-4);
  });

  it('has temperature 1 when none is given', async () => {
    const student = matrix([[1, 2, 3]]);
    const teacher = matrix([[2, 0, 1]]);
    const { loss } = await run(student.tensor, teacher.tensor);
    expect(loss).toBeCloseTo(klLoop(student.rows, teacher.rows, 1), 6);
  });

  it('is 0 for logits that differ by a constant, with no slope', async () => {
    const { loss, gradient } = await run(matrix([[1, -2, 3]]).tensor, matrix([[11, 8, 13]]).tensor);
    expect(loss).toBeCloseTo(0, 6);
    for (const value of gradient.flat()) expect(value).toBeCloseTo(0, 6);
  });

  it('stays finite at logits of ±80', async () => {
    const student = matrix([
      [80, -80, 0],
      [-80, 80, 80],
    ]);
    const teacher = matrix([
      [-80, 80, 0],
      [80, -80, 79],
    ]);
    const { loss, gradient } = await run(student.tensor, teacher.tensor);
    const expected = klLoop(student.rows, teacher.rows);
    expect(expected).toBeGreaterThan(100);
    expect(Math.abs(loss - expected)).toBeLessThan(1e-6 * expected);
    for (const value of gradient.flat()) expect(Number.isFinite(value)).toBe(true);
  });
});
